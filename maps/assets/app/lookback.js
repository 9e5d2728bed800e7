/* Look-back: two sides of one map, before and after, parted by a line that moves. */
"use strict";

GC.FATE_COLOURS = {
  unchanged: "#dde4ea", resurveyed: "#b9cbd8", redrawn: "#f0b43c", split: "#3f8fd2", merged: "#8f5fb8",
  abolished: "#b8324f", new: "#2f9a5f", carved: "#0f8b8d"
};
GC.KEPT = ["unchanged", "resurveyed"];
GC.SIDES = { old: "fate", new: "origin" };

GC.fateOf = function (side, i) { return GC.data[side][GC.SIDES[side]][i]; };
GC.fateName = function (fate) { return GC.t("lb_fate_" + fate); };
GC.isDedicatedOn = function (side, i) { return GC.data[side].kind[i] === "dedicated"; };
GC.nameOn = function (side, i) { var names = GC.data[side].name; return (names && names[i]) || GC.data[side].id[i]; };
GC.labelOn = function (side, i) {
  var name = GC.nameOn(side, i), id = GC.data[side].id[i];
  return name === id ? id : name + (GC.state.language === "zh" ? "（" + id + "）" : " (" + id + ")");
};

/** A canvas layer that draws one side. */
GC.SideLayer = GC.CanvasLayer.extend({
  _paint: function (tile, coords, ratio) {
    var size = this.options.tileSize, ctx = tile.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, size, size);
    GC.paintSide(ctx, { scale: Math.pow(2, coords.z), dx: coords.x * size, dy: coords.y * size, size: size, ratio: ratio, zoom: coords.z }, this.options.side);
  }
});

GC.paintSide = function (ctx, view, side) {
  var shapes = GC.data.shapes[side], seen = GC.inView(shapes, view, 2);
  [false, true].forEach(function (isDedicated) {
    var groups = {}, all = [];
    seen.forEach(function (i) {
      if (GC.isDedicatedOn(side, i) !== isDedicated) return;
      var fate = GC.fateOf(side, i);
      (groups[fate] = groups[fate] || []).push(i);
      all.push(i);
    });
    Object.keys(groups).forEach(function (fate) { GC.fillFate(ctx, view, shapes, groups[fate], fate); });
    ctx.strokeStyle = isDedicated ? "#2d4763" : "rgba(60,74,90,.75)";
    ctx.lineWidth = isDedicated ? 1.2 : Math.max(0.35, Math.min(1.1, GC.cellPixels(view) / 40));
    ctx.setLineDash(isDedicated ? [3, 2] : []);
    GC.traceAll(ctx, shapes, all, view, true, function () { ctx.stroke(); });
    ctx.setLineDash([]);
  });
  if (GC.state.layers.units) GC.paintUnits(ctx, view);
  if (GC.state.layers.transfers) GC.paintTransfers(ctx, view);
  if (side === "new" && GC.state.layers.moved) GC.paintMoved(ctx, view);
};

GC.fillFate = function (ctx, view, shapes, list, fate) {
  var isHidden = GC.state.hidden[fate];
  GC.traceAll(ctx, shapes, list, view, true, function () {
    ctx.fillStyle = isHidden ? "#f3f5f7" : GC.FATE_COLOURS[fate];
    ctx.fill("evenodd");
    if (fate === "abolished" && !isHidden) { GC.fillTexture(ctx, "error", view.ratio); ctx.fill("evenodd"); }
  });
};

GC.paintTransfers = function (ctx, view) {
  var shapes = GC.data.shapes.transfers;
  ctx.strokeStyle = "#7a1c3a"; ctx.lineWidth = 1.4;
  GC.traceAll(ctx, shapes, GC.inView(shapes, view, 3), view, true, function () {
    GC.fillTexture(ctx, "error", view.ratio);
    ctx.fill("evenodd");
    ctx.stroke();
  });
};

GC.paintMoved = function (ctx, view) {
  var shapes = GC.data.shapes.moved, r = Math.max(1.6, Math.min(5, GC.cellPixels(view) / 18));
  ctx.fillStyle = "#14202e"; ctx.strokeStyle = "#fff"; ctx.lineWidth = 1;
  GC.inView(shapes, view, 8).forEach(function (i) {
    var p = shapes.start[shapes.first[i]];
    ctx.beginPath();
    ctx.arc(shapes.x[p] * view.scale - view.dx, shapes.y[p] * view.scale - view.dy, r, 0, 7);
    ctx.fill(); ctx.stroke();
  });
};

/** Grid of a side at a place; dedicated ones lie on top. -1 for none. */
GC.gridOn = function (side, latlng) {
  var x = GC.worldX(latlng.lng), y = GC.worldY(latlng.lat), shapes = GC.data.shapes[side], found = -1;
  for (var i = 0; i < shapes.n; i++) {
    if ((found < 0 || GC.isDedicatedOn(side, i)) && GC.contains(shapes, i, x, y)) found = i;
  }
  return found;
};

/** What lies under a point of the map: the side of the line decides whether before or after. */
GC.thingOn = function (point, latlng) {
  var side = point.x < GC.map.getSize().x * GC.state.part ? "old" : "new", at = GC.gridOn(side, latlng);
  return at < 0 ? null : { side: side, at: at };
};

/* The line. */
GC.makeSwipe = function (main) {
  var line = GC.h("div", { class: "gc-line", "aria-hidden": "true" });
  var before = GC.h("div", { class: "gc-side gc-side-old" }), after = GC.h("div", { class: "gc-side gc-side-new" });
  var slider = GC.h("input", { type: "range", class: "gc-swipe", min: "0", max: "1000", step: "5", value: "500", oninput: function () {
    GC.state.part = slider.value / 1000;
    GC.clip();
  } });
  GC.swipe = { line: line, before: before, after: after, slider: slider };
  GC.append(main, [line, before, after, slider]);
  L.DomEvent.disableClickPropagation(slider);
};

/** Cut both panes at the line. */
GC.clip = function () {
  var map = GC.map, size = map.getSize(), x = size.x * GC.state.part;
  var nw = map.containerPointToLayerPoint([0, 0]), se = map.containerPointToLayerPoint(size), at = nw.x + x;
  var cut = function (left, right) { return "rect(" + [nw.y, right, se.y, left].map(function (v) { return Math.round(v) + "px"; }).join(",") + ")"; };
  map.getPane("gc-old").style.clip = cut(nw.x, at);
  map.getPane("gc-new").style.clip = cut(at, se.x);
  GC.swipe.line.style.left = x + "px";
  GC.swipe.before.style.right = (size.x - x + 10) + "px";
  GC.swipe.after.style.left = (x + 10) + "px";
};
