/* Streets over the fills: at every scale as many, the weightiest first, as stay apart on the screen. */
"use strict";

GC.STREET_PARTS = ["streets", "streets_rest"];

/** Metres of street that are drawn at a scale (pixels of the world at zoom 0 times `scale`). */
GC.streetBudget = function (scale) {
  var streets = GC.data.streets, extent = GC.model.extent;
  var metrePixels = scale / GC.worldMetres(GC.latLng(0, (extent[1] + extent[3]) / 2).lat);
  return streets.area_m2 * metrePixels / streets.gap_px;
};

/** Metres of one world pixel of zoom 0 at a latitude. */
GC.worldMetres = function (lat) { return 40075016.686 * Math.cos(lat * Math.PI / 180) / 256; };

/** Running length (metres) of the lines of a part of the streets. */
GC.runningMetres = function (shapes) {
  if (shapes.metres) return shapes.metres;
  var sums = new Float64Array(shapes.n + 1), unit = GC.worldMetres(GC.latLng(0, shapes.y[0] || 128).lat);
  for (var i = 0; i < shapes.n; i++) {
    var length = 0, to = shapes.start[shapes.first[i + 1]];
    for (var p = shapes.start[shapes.first[i]] + 1; p < to; p++) length += Math.hypot(shapes.x[p] - shapes.x[p - 1], shapes.y[p] - shapes.y[p - 1]);
    sums[i + 1] = sums[i] + length * unit;
  }
  shapes.metres = sums;
  return sums;
};

/** How many of the first lines of a part have at most so many metres. */
GC.streetsWithin = function (shapes, metres) {
  var sums = GC.runningMetres(shapes), low = 0, high = shapes.n;
  while (low < high) {
    var middle = (low + high + 1) >> 1;
    if (sums[middle] <= metres) low = middle; else high = middle - 1;
  }
  return low;
};

/** Whether some streets are not drawn at a scale. */
GC.areStreetsLeftOut = function (scale) {
  var left = GC.streetBudget(scale);
  return left < (GC.sizeOf("streets_rest") ? GC.data.streets.all_m : GC.data.streets.first_m);
};

GC.paintStreets = function (ctx, view) {
  var left = GC.streetBudget(view.scale);
  ctx.strokeStyle = "rgba(255,255,255," + (view.zoom < 13 ? 0.34 : view.zoom < 15 ? 0.5 : 0.7) + ")";
  ctx.lineWidth = view.zoom < 13 ? 0.8 : view.zoom < 15 ? 1 : view.zoom < 17 ? 2 : 4;
  GC.STREET_PARTS.forEach(function (name) {
    if (left <= 0 || !GC.sizeOf(name)) return;
    var shapes = GC.data.shapes[name];
    GC.traceAll(ctx, shapes, GC.inView(shapes, view, 4, GC.streetsWithin(shapes, left)), view, false, function () { ctx.stroke(); });
    left -= GC.data.streets.first_m;
  });
};
