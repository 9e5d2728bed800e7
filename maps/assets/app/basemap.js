/* The basemap, where one was given: tiles inside the page, or passed on by our own service. Tiles on GCJ-02 are shifted, never the data. */
"use strict";

GC.makeBase = function () {
  var holder = document.getElementById("gridcircle-basemap");
  if (!holder) return;
  GC.base = new GC.BaseLayer(JSON.parse(holder.textContent));
  GC.state.layers.base = true;
  GC.baseNote = GC.h("div", { class: "gc-attribution" });
  GC.main.appendChild(GC.baseNote);
  GC.on("layers", GC.showBase);
  GC.on("language", GC.showBase);
  GC.showBase();
};

/** Show or take away the basemap; the grids let it shine through. */
GC.showBase = function () {
  var isOn = GC.state.layers.base, told = GC.base.told;
  if (isOn) GC.map.addLayer(GC.base); else GC.map.removeLayer(GC.base);
  GC.tiles.setOpacity(isOn ? 0.7 : 1);
  GC.baseNote.hidden = !isOn;
  GC.baseNote.textContent = GC.t("base_by", { by: told.attribution || "–" }) + (told.shift ? " · " + GC.t("base_shifted") : "");
};

GC.BaseLayer = L.GridLayer.extend({
  initialize: function (told) {
    this.told = told;
    L.setOptions(this, { minNativeZoom: told.min_zoom, maxNativeZoom: told.max_zoom, maxZoom: 22, updateWhenZooming: false, keepBuffer: 1 });
  },
  createTile: function (coords, done) {
    var tile = document.createElement("img"), told = this.told, place = coords.z + "/" + coords.x + "/" + coords.y;
    var source = told.tiles ? told.tiles[place] : told.url.replace("{z}", coords.z).replace("{x}", coords.x).replace("{y}", coords.y);
    tile.alt = "";
    tile.setAttribute("data-place", place);
    tile.onload = function () { done(null, tile); };
    tile.onerror = function () { done(new Error(place), tile); };
    if (source) tile.src = source; else setTimeout(tile.onload, 0);
    return tile;
  },
  /** The part of the tiles' own plane that is seen. */
  _getTiledPixelBounds: function (centre) {
    var bounds = L.GridLayer.prototype._getTiledPixelBounds.call(this, centre), off = this._off(centre, this._tileZoom);
    return L.bounds(bounds.min.add(off), bounds.max.add(off));
  },
  /** Where a tile lies: at its place, less the shift there. */
  _getTilePos: function (coords) {
    var middle = L.point(coords.x + 0.5, coords.y + 0.5).scaleBy(this.getTileSize());
    return L.GridLayer.prototype._getTilePos.call(this, coords).subtract(this._off(this._map.unproject(middle, coords.z), coords.z)).round();
  },
  /** From WGS 84 to the tiles' datum in pixels, at a place of theirs. */
  _off: function (at, zoom) {
    if (!this.told.shift) return L.point(0, 0);
    var far = GC.shiftAt(this.told.shift, at), map = this._map;
    return map.project(at, zoom).subtract(map.project(L.latLng(at.lat - far[1], at.lng - far[0]), zoom));
  }
});

/** Between the four nearest points of the lattice (degrees); beyond it as on its rim. */
GC.shiftAt = function (shift, at) {
  var box = shift.box, n = shift.shape, part = function (value, low, high, count) {
    return Math.min(Math.max((value - low) / (high - low), 0), 1) * (count - 1);
  };
  var x = part(at.lng, box[0], box[2], n[0]), y = part(at.lat, box[1], box[3], n[1]);
  var i = Math.min(Math.floor(x), n[0] - 2), j = Math.min(Math.floor(y), n[1] - 2), u = x - i, v = y - j, k = j * n[0] + i;
  return [shift.lon, shift.lat].map(function (off) {
    return (off[k] * (1 - u) + off[k + 1] * u) * (1 - v) + (off[k + n[0]] * (1 - u) + off[k + n[0] + 1] * u) * v;
  });
};
