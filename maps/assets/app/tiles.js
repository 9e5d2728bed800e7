/* The one layer that draws it all: canvas tiles, redrawn in place when a choice changes. */
"use strict";

GC.PAINT_MS = 12;

GC.CanvasLayer = L.GridLayer.extend({
  options: { tileSize: 512, updateWhenZooming: false, keepBuffer: 1, pane: "overlayPane", className: "gc-tile" },
  createTile: function (coords, done) {
    var tile = document.createElement("canvas"), ratio = Math.min(2, window.devicePixelRatio || 1);
    tile.width = tile.height = this.options.tileSize * ratio;
    this._ask({ tile: tile, coords: coords, done: done });
    return tile;
  },
  repaint: function () {
    var self = this, coming = new Set((this._asked || []).map(function (job) { return job.tile; }));
    Object.keys(this._tiles).forEach(function (key) {
      var one = self._tiles[key];
      if (!coming.has(one.el)) self._ask({ tile: one.el, coords: one.coords });
    });
  },
  onAdd: function (map) {
    this.on("tileunload", function (event) { event.tile.isGone = true; });
    L.GridLayer.prototype.onAdd.call(this, map);
  },
  /** Call when every tile asked for is painted and on the page. */
  whenPainted: function (call) {
    if (this._asked && this._asked.length) (this._waiting = this._waiting || []).push(call);
    else GC.soon(call);
  },
  /* Tiles are painted for a few milliseconds a frame, so that the map moves on while they come. */
  _ask: function (job) {
    (this._asked = this._asked || []).push(job);
    if (!this._comes) {
      this._comes = true;
      GC.soon(L.bind(this._nextFrame, this));
      this._until = performance.now() + GC.PAINT_MS;
    }
    if (performance.now() < this._until) this._work();
  },
  _nextFrame: function () {
    this._until = performance.now() + GC.PAINT_MS;
    this._work();
    this._comes = this._asked.length > 0;
    if (this._comes) GC.soon(L.bind(this._nextFrame, this));
    else (this._waiting || []).splice(0).forEach(GC.soon);
  },
  _work: function () {
    do {
      var job = this._asked.shift();
      if (!job) return;
      if (this._map && !job.tile.isGone) this._paint(job.tile, job.coords, job.tile.width / this.options.tileSize);
      if (job.done) GC.soon(job.done.bind(null, null, job.tile));
    } while (performance.now() < this._until);
  },
  _paint: function (tile, coords, ratio) {
    var size = this.options.tileSize, ctx = tile.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, size, size);
    GC.paintTile(ctx, { scale: Math.pow(2, coords.z), dx: coords.x * size, dy: coords.y * size, size: size, ratio: ratio, zoom: coords.z });
  }
});

GC.paintTile = function (ctx, view) {
  var layers = GC.state.layers;
  GC.paintGrids(ctx, view);
  if (layers.streets) GC.paintStreets(ctx, view);
  GC.paintBlankEdges(ctx, view);
  if (layers.finers) GC.paintFiner(ctx, view);
  if (layers.units) GC.paintUnits(ctx, view);
  GC.paintCircles(ctx, view);
  if (layers.findings) GC.paintFindings(ctx, view);
  if (layers.sites) GC.paintSites(ctx, view);
};

/** Typical cell size in pixels: small cells are stroked in their own colour, or white would wash them out. */
GC.cellPixels = function (view) { return GC.model.cell * view.scale; };

GC.paintGrids = function (ctx, view) {
  var shapes = GC.data.shapes.grids, model = GC.model, seen = GC.inView(shapes, view, 2);
  var groups = { base: {}, dedicated: {} };
  seen.forEach(function (i) {
    var group = groups[model.isDedicated[i] ? "dedicated" : "base"], key = model.classes[i];
    (group[key] = group[key] || []).push(i);
  });
  ["base", "dedicated"].forEach(function (kind) {
    Object.keys(groups[kind]).forEach(function (key) { GC.fillCells(ctx, view, key, groups[kind][key]); });
    var all = [].concat.apply([], Object.keys(groups[kind]).map(function (key) { return groups[kind][key]; }));
    if (kind === "base" && GC.cellPixels(view) < 6) return;
    ctx.strokeStyle = kind === "base" ? "rgba(255,255,255,.85)" : "#35506e";
    ctx.lineWidth = kind === "base" ? Math.min(1.6, 0.5 + GC.cellPixels(view) / 60) : 1.1;
    ctx.setLineDash(kind === "base" ? [] : [3, 2]);
    GC.traceAll(ctx, shapes, all, view, true, function () { ctx.stroke(); });
    ctx.setLineDash([]);
  });
};

GC.fillCells = function (ctx, view, key, list) {
  var shapes = GC.data.shapes.grids, isHidden = !!GC.state.hidden[key];
  var colour = isHidden ? "#e3e7eb" : GC.model.colours[key], texture = GC.TEXTURES[key];
  GC.traceAll(ctx, shapes, list, view, true, function () {
    ctx.fillStyle = colour;
    ctx.fill("evenodd");
    if (GC.cellPixels(view) < 6) { ctx.strokeStyle = colour; ctx.lineWidth = 0.8; ctx.stroke(); }
    if (texture && !isHidden) { GC.fillTexture(ctx, texture, view.ratio); ctx.fill("evenodd"); }
  });
};
GC.TEXTURES = { blank: "blank", unknown: "unknown", error: "error" };

GC.paintBlankEdges = function (ctx, view) {
  if (GC.state.mode !== "class" || GC.state.hidden.blank) return;
  var at = GC.data.blanks.key.indexOf(GC.state.tier);
  if (at < 0) return;
  ctx.strokeStyle = "#98390a"; ctx.lineWidth = 1.4; ctx.lineJoin = "round";
  ctx.beginPath();
  GC.trace(ctx, GC.data.shapes.blanks, at, view, true);
  ctx.stroke();
};

GC.paintUnits = function (ctx, view) {
  var shapes = GC.data.shapes.units, levels = GC.data.levels, level = GC.data.units.level || [];
  if (!shapes.n) return;
  var seen = GC.inView(shapes, view, 3);
  levels.slice().reverse().forEach(function (name) {
    var rank = levels.indexOf(name), isTop = rank === 0;
    var list = seen.filter(function (i) { return level[i] === name; });
    if (!isTop && GC.cellPixels(view) < 9) return;
    ctx.strokeStyle = isTop && GC.cellPixels(view) >= 6 ? "#22303f" : "rgba(34,48,63,.7)";
    ctx.lineWidth = isTop ? (GC.cellPixels(view) < 6 ? 1 : 1.7) : 1.1;
    ctx.setLineDash(isTop ? [7, 3, 2, 3] : [4, 3]);
    GC.traceAll(ctx, shapes, list, view, true, function () { ctx.stroke(); });
  });
  ctx.setLineDash([]);
};

/** Grids of the finer levels: thin dark lines inside the grids, once these are large enough to hold some. */
GC.paintFiner = function (ctx, view) {
  var shapes = GC.data.shapes.finers;
  if (!shapes.n || GC.cellPixels(view) < 40) return;
  ctx.strokeStyle = "rgba(18,58,110,.6)"; ctx.lineWidth = 0.9;
  GC.traceAll(ctx, shapes, GC.inView(shapes, view, 2), view, true, function () { ctx.stroke(); });
};

GC.STRAIGHT_COLOUR = "#b4470a";
GC.paintCircles = function (ctx, view) {
  GC.data.circles.key.forEach(function (tier, i) {
    var isStraight = tier === GC.state.tier + " straight";
    if (!(isStraight ? GC.state.layers.straight : GC.state.layers.circles[tier])) return;
    ctx.strokeStyle = isStraight ? GC.STRAIGHT_COLOUR : "#0a468f"; ctx.lineWidth = 1.6;
    ctx.setLineDash(isStraight ? [] : GC.tierDash(tier));
    ctx.beginPath();
    GC.trace(ctx, GC.data.shapes.circles, i, view, true);
    ctx.stroke();
  });
  ctx.setLineDash([]);
};

/* Marks of findings: overlaps with white dots and a purple edge, gaps in crimson, other places outlined in grey,
   orphans with a dashed black edge; what is too small to see gets a pin. */
GC.MARKED = ["other", "gap", "overlap"];
GC.paintFindings = function (ctx, view) {
  var shapes = GC.data.shapes.findings, shown = GC.drawnFindings(view.scale), small = [], large = { other: [], gap: [], overlap: [] };
  GC.inView(shapes, view, 10).forEach(function (own) {
    if (shown[own] === GC.PIN) small.push(own);
    else if (shown[own] === GC.AREA) large[GC.model.groups[GC.model.findingOfOwn[own]]].push(own);
  });
  GC.MARKED.forEach(function (group) { large[group].forEach(function (own) { GC.paintMark(ctx, view, own, group); }); });
  if (!GC.state.hidden.mark_orphan && GC.cellPixels(view) >= 6) GC.paintOrphans(ctx, view); // smaller ones would be specks
  small.forEach(function (own) { GC.paintPin(ctx, view, own); });
};

/** Side (world pixels) of the square that holds one pin: the size of a pin; more where all of them would cover the colours below. */
GC.pinSide = function (scale) {
  var extent = GC.model.extent, area = (extent[2] - extent[0]) * (extent[3] - extent[1]);
  var room = Math.sqrt(area / Math.max(1, GC.data.shapes.findings.n)) * scale;
  return (room < 30 ? Math.max(10, Math.min(44, 440 / room)) : 10) / scale;
};

/** How each shape of a finding is drawn at a scale: not at all, as an area, or as a pin where it is too small to see;
 *  of pins that would cover each other only the weightiest. */
GC.PIN = 1;
GC.AREA = 2;
GC.drawnFindings = function (scale) {
  var model = GC.model, state = GC.state, key = [scale, state.tier, state.allTiers, JSON.stringify(state.hidden)].join("|");
  if (model.pinsKey === key) return model.pins;
  var shapes = GC.data.shapes.findings, box = shapes.box, drawn = new Uint8Array(shapes.n), taken = new Set(), left = 0, side = GC.pinSide(scale);
  model.order.forEach(function (f) {
    var own = model.ownAt[f], group = model.groups[f];
    if (own < 0 || GC.MARKED.indexOf(group) < 0 || state.hidden["mark_" + group] || !GC.inTier(f)) return;
    if (GC.pixelsOf(shapes, own, { scale: scale }) >= 14) { drawn[own] = GC.AREA; return; }
    var at = Math.floor((box[4 * own] + box[4 * own + 2]) / 2 / side) * 67108864 + Math.floor((box[4 * own + 1] + box[4 * own + 3]) / 2 / side);
    if (taken.has(at)) { left++; return; }
    taken.add(at);
    drawn[own] = GC.PIN;
  });
  model.pins = drawn; model.pinsKey = key; model.pinsLeftOut = left;
  return drawn;
};

GC.pixelsOf = function (shapes, i, view) {
  return Math.max(shapes.box[4 * i + 2] - shapes.box[4 * i], shapes.box[4 * i + 3] - shapes.box[4 * i + 1]) * view.scale;
};

GC.paintMark = function (ctx, view, own, group) {
  ctx.beginPath();
  GC.trace(ctx, GC.data.shapes.findings, own, view, true);
  ctx.fillStyle = { overlap: "rgba(107,47,156,.55)", gap: "#a3123f", other: "rgba(91,107,123,.35)" }[group];
  if (group !== "other" || GC.pixelsOf(GC.data.shapes.findings, own, view) < 60) ctx.fill("evenodd"); // a large one would hide the classes
  if (group === "overlap") { GC.fillTexture(ctx, "dots", view.ratio); ctx.fill("evenodd"); }
  ctx.strokeStyle = GC.GROUP_COLOURS[group]; ctx.lineWidth = 1.6; ctx.lineJoin = "round"; ctx.stroke();
};

GC.paintOrphans = function (ctx, view) {
  var shapes = GC.data.shapes.grids, model = GC.model;
  var list = GC.inView(shapes, view, 3).filter(function (i) { return model.isLoneOrphan[i]; });
  [["rgba(255,255,255,.9)", 3.2, []], ["#10161d", 1.7, [5, 3]]].forEach(function (line) {
    ctx.strokeStyle = line[0]; ctx.lineWidth = line[1]; ctx.setLineDash(line[2]);
    GC.traceAll(ctx, shapes, list, view, true, function () { ctx.stroke(); });
  });
  ctx.setLineDash([]);
};

GC.paintPin = function (ctx, view, own) {
  var box = GC.data.shapes.findings.box, f = GC.model.findingOfOwn[own];
  var x = (box[4 * own] + box[4 * own + 2]) / 2 * view.scale - view.dx;
  var y = (box[4 * own + 1] + box[4 * own + 3]) / 2 * view.scale - view.dy;
  var isError = GC.data.findings.severity[f] === "error", group = GC.model.groups[f], isSite = GC.data.findings.sites[f].length > 0;
  ctx.beginPath();
  ctx.arc(x, y, isSite ? GC.siteRadius(view) + 3 : isError ? 4.2 : 2.6, 0, 7);
  if (isSite) { ctx.strokeStyle = GC.GROUP_COLOURS[group]; ctx.lineWidth = 2; ctx.stroke(); return; }
  ctx.fillStyle = GC.GROUP_COLOURS[group]; ctx.fill();
  ctx.strokeStyle = "#fff"; ctx.lineWidth = isError ? 1.4 : 0.9; ctx.stroke();
};

GC.siteRadius = function (view) {
  // Neighbours stay apart, and all symbols together cover about a tenth of the map at most.
  return Math.max(4.2, Math.min(8, GC.model.siteGap * view.scale / 2.2, GC.model.siteRoom * view.scale * 0.17));
};
/** Which sites are drawn at a scale: where symbols would cover each other, the first of each square of their size. */
GC.drawnSites = function (scale) {
  var model = GC.model, key = scale + "|" + JSON.stringify(GC.state.hiddenSites);
  if (model.drawnKey === key) return model.drawn;
  var shapes = GC.data.shapes.sites, r = GC.siteRadius({ scale: scale }), isCrowded = model.siteRoom * scale < 7.5 * r;
  var side = (isCrowded ? 7.5 : 2.1) * r / scale, taken = new Set(); // crowded: the colours below must still be seen
  var drawn = new Uint8Array(shapes.n), left = 0;
  for (var i = 0; i < shapes.n; i++) {
    if (shapes.first[i] === shapes.first[i + 1] || GC.state.hiddenSites[model.categories.of[i]]) continue;
    var p = shapes.start[shapes.first[i]], x = Math.floor(shapes.x[p] / side), y = Math.floor(shapes.y[p] / side), at = x * 67108864 + y;
    if (taken.has(at)) { left++; continue; }
    taken.add(at);
    drawn[i] = 1;
  }
  model.drawn = drawn; model.drawnKey = key; model.sitesLeftOut = left;
  return drawn;
};
GC.paintSites = function (ctx, view) {
  var shapes = GC.data.shapes.sites, r = GC.siteRadius(view), of = GC.model.categories.of;
  var drawn = GC.drawnSites(view.scale);
  GC.inView(shapes, view, 14).forEach(function (i) {
    if (!drawn[i]) return;
    var p = shapes.start[shapes.first[i]];
    GC.drawSymbol(ctx, of[i], shapes.x[p] * view.scale - view.dx, shapes.y[p] * view.scale - view.dy, r);
  });
};
