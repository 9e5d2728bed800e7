/* Names on the map: units on white plates with their share, grid numbers when there is room; none covers another. */
"use strict";

GC.LabelLayer = L.Layer.extend({
  onAdd: function (map) {
    this._box = L.DomUtil.create("div", "gc-labels leaflet-zoom-hide", map.getPane("markerPane"));
    map.on("zoomend viewreset resize", this.redraw, this);
    map.on("moveend", this._moved, this);
    this.redraw();
  },
  onRemove: function (map) {
    L.DomUtil.remove(this._box);
    map.off("zoomend viewreset resize", this.redraw, this);
    map.off("moveend", this._moved, this);
  },
  /** Labels move with the map; those that come into view are placed at most every 150 ms. */
  _moved: function () {
    clearTimeout(this._later);
    if (performance.now() - this._last > 150) this.redraw();
    else this._later = setTimeout(L.bind(this.redraw, this), 150);
  },
  redraw: function () {
    if (!this._map) return;
    this._last = performance.now();
    GC.clear(this._box);
    var taken = [];
    if (GC.state.layers.units) this._units(taken);
    if (GC.state.layers.labels) this._grids(taken);
  },
  _units: function (taken) {
    var self = this, shapes = GC.data.shapes.units, levels = GC.data.levels;
    var order = GC.model.unitOrder = GC.model.unitOrder || GC.unitsByWeight();
    order.slice(0, 3000).forEach(function (i) {
      var share = GC.unitShare(i), name = GC.unitName(i);
      var isTop = levels.indexOf(GC.data.units.level[i]) === 0;
      var width = GC.textWidth(name, 14) + (share === null ? 14 : 52);
      self._place(taken, shapes, i, width, 24, isTop ? 0.45 : 0.8, function (box) {
        box.className = "gc-plate" + (isTop ? "" : " gc-plate-low");
        box.appendChild(GC.h("b", { text: name }));
        if (share !== null) {
          box.appendChild(GC.h("span", { text: GC.percent(share, 0), class: share < GC.data.project.thin_below_share ? "gc-low" : "" }));
        }
      });
    });
  },
  _grids: function (taken) {
    var shapes = GC.data.shapes.grids, zoom = this._map.getZoom();
    if (GC.model.cell * Math.pow(2, zoom) < 60) return;
    for (var i = 0; i < shapes.n; i++) {
      var text = GC.gridName(i), width = GC.textWidth(text, 11) + 4;
      this._place(taken, shapes, i, width, 15, 1, function (box) { box.className = "gc-number"; box.textContent = text; });
    }
  },
  /** Put a label in the middle of shape i unless it is out of view, too wide for the shape or covers another. */
  _place: function (taken, shapes, i, width, height, need, fill) {
    var map = this._map, box = shapes.box, scale = Math.pow(2, map.getZoom()), origin = map.getPixelOrigin();
    if (!isFinite(box[4 * i]) || (box[4 * i + 2] - box[4 * i]) * scale < width * need) return;
    var anchor = GC.anchor(shapes, i);
    var x = anchor[0] * scale - origin.x, y = anchor[1] * scale - origin.y;
    var at = map.layerPointToContainerPoint([x, y]), size = map.getSize();
    if (at.x < -width || at.y < -height || at.x > size.x + width || at.y > size.y + height) return;
    var mine = [x - width / 2 - 2, y - height / 2 - 2, x + width / 2 + 2, y + height / 2 + 2];
    if (taken.some(function (b) { return b[0] < mine[2] && b[2] > mine[0] && b[1] < mine[3] && b[3] > mine[1]; })) return;
    taken.push(mine);
    var label = GC.h("div"), holder = GC.h("div", { class: "gc-label" }, label);
    fill(label);
    L.DomUtil.setPosition(holder, L.point(Math.round(x), Math.round(y)));
    this._box.appendChild(holder);
  }
});

/** Units, the higher level first, the larger first. */
GC.unitsByWeight = function () {
  var shapes = GC.data.shapes.units, rank = new Map();
  GC.data.levels.forEach(function (level, i) { rank.set(level, i); });
  var ranks = GC.data.units.id.map(function (_, i) { return rank.has(GC.data.units.level[i]) ? rank.get(GC.data.units.level[i]) : -1; });
  var areas = ranks.map(function (_, i) { return GC.area(shapes, i); });
  return ranks.map(function (_, i) { return i; }).sort(function (a, b) { return ranks[a] - ranks[b] || areas[b] - areas[a]; });
};

GC.textWidth = function (text, size) {
  var width = 0;
  for (var i = 0; i < text.length; i++) width += text.charCodeAt(i) > 0x2e7f ? size : size * 0.58;
  return Math.min(width, 260);
};

GC.area = function (shapes, i) {
  return (shapes.box[4 * i + 2] - shapes.box[4 * i]) * (shapes.box[4 * i + 3] - shapes.box[4 * i + 1]) || 0;
};

/** A point well inside a shape: on the horizontal through the middle, the middle of the widest stretch inside. */
GC.anchor = function (shapes, i) {
  shapes.anchors = shapes.anchors || [];
  if (shapes.anchors[i]) return shapes.anchors[i];
  var box = GC.boxOf(shapes, i), best = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2], widest = -1;
  [0.5, 0.42, 0.58, 0.33, 0.67].forEach(function (share, k) {
    var y = box[1] + (box[3] - box[1]) * share, cuts = GC.cuts(shapes, i, y);
    for (var c = 0; c + 1 < cuts.length; c += 2) {
      var width = (cuts[c + 1] - cuts[c]) * (k ? 0.8 : 1);
      if (width > widest) { widest = width; best = [(cuts[c] + cuts[c + 1]) / 2, y]; }
    }
  });
  shapes.anchors[i] = best;
  return best;
};

/** Where the horizontal at y crosses the rings of a shape, from west to east. */
GC.cuts = function (shapes, i, y) {
  var cuts = [];
  for (var r = shapes.first[i]; r < shapes.first[i + 1]; r++) {
    var from = shapes.start[r], to = shapes.start[r + 1];
    for (var p = from, q = to - 1; p < to; q = p++) {
      if ((shapes.y[p] > y) !== (shapes.y[q] > y)) {
        cuts.push(shapes.x[p] + (y - shapes.y[p]) / (shapes.y[q] - shapes.y[p]) * (shapes.x[q] - shapes.x[p]));
      }
    }
  }
  return cuts.sort(function (a, b) { return a - b; });
};

/** Covered share of a unit by the chosen tier: of residents, else of area; null where not judged. */
GC.unitShare = function (i) {
  var tier = GC.data.unit_tiers[GC.state.tier];
  if (!tier) return null;
  var residents = tier.covered_residents_share ? tier.covered_residents_share[i] : null;
  var area = tier.covered_area_share ? tier.covered_area_share[i] : null;
  var summary = GC.tierOf(GC.state.tier).summary;
  return summary.demand_basis === "area" || residents === null || residents === undefined ? area === undefined ? null : area : residents;
};
