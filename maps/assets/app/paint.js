/* Paths, textures and symbols on a canvas. */
"use strict";

GC.FLUSH_POINTS = 400; // one huge path of all cells takes seconds to fill

/** Trace shape i into the current path; points closer than `gap` pixels to the last one are left out. */
GC.trace = function (ctx, shapes, i, view, isClosed) {
  var scale = view.scale, dx = view.dx, dy = view.dy, points = 0, gap = 0.6;
  for (var r = shapes.first[i]; r < shapes.first[i + 1]; r++) {
    var from = shapes.start[r], to = shapes.start[r + 1], lastX = 0, lastY = 0;
    for (var p = from; p < to; p++) {
      var x = shapes.x[p] * scale - dx, y = shapes.y[p] * scale - dy;
      if (p === from) ctx.moveTo(x, y);
      else if (p === to - 1 || Math.abs(x - lastX) + Math.abs(y - lastY) >= gap) ctx.lineTo(x, y);
      else continue;
      lastX = x; lastY = y; points++;
    }
    if (isClosed) ctx.closePath();
  }
  return points;
};

/** Trace many shapes, ending the path with `finish` (fill or stroke) every few hundred points. */
GC.traceAll = function (ctx, shapes, list, view, isClosed, finish) {
  var points = 0, open = false;
  for (var k = 0; k < list.length; k++) {
    if (!open) { ctx.beginPath(); open = true; }
    points += GC.trace(ctx, shapes, list[k], view, isClosed);
    if (points >= GC.FLUSH_POINTS) { finish(); open = false; points = 0; }
  }
  if (open) finish();
};

/** Shapes of a layer, or the first `most` of them, whose box touches the view. */
GC.inView = function (shapes, view, pad, most) {
  var list = [], box = shapes.box, p = (pad || 0) / view.scale;
  var west = view.dx / view.scale - p, north = view.dy / view.scale - p;
  var east = (view.dx + view.size) / view.scale + p, south = (view.dy + view.size) / view.scale + p;
  for (var i = 0, n = most === undefined ? shapes.n : most; i < n; i++) {
    if (box[4 * i] <= east && box[4 * i + 2] >= west && box[4 * i + 1] <= south && box[4 * i + 3] >= north) list.push(i);
  }
  return list;
};

/** A repeating texture; its size divides the tile, so it runs on from tile to tile. */
GC.texture = function (name, ratio) {
  GC.textures = GC.textures || {};
  var key = name + ratio;
  if (GC.textures[key]) return GC.textures[key];
  var size = 8 * ratio, canvas = document.createElement("canvas"), ctx = canvas.getContext("2d");
  canvas.width = canvas.height = size;
  ctx.scale(ratio, ratio);
  if (name === "dots") {
    ctx.fillStyle = "rgba(255,255,255,.95)";
    [[2, 2], [6, 6]].forEach(function (p) { ctx.beginPath(); ctx.arc(p[0], p[1], 1.1, 0, 7); ctx.fill(); });
  } else {
    ctx.strokeStyle = { blank: "rgba(150,52,4,.38)", unknown: "#aab2bb", error: "rgba(110,24,4,.4)" }[name];
    ctx.lineWidth = name === "unknown" ? 1.1 : 1;
    ctx.beginPath();
    for (var k = -8; k <= 8; k += 8) {
      if (name === "unknown") { ctx.moveTo(k - 1, 9); ctx.lineTo(k + 9, -1); } else { ctx.moveTo(k - 1, -1); ctx.lineTo(k + 9, 9); }
    }
    ctx.stroke();
  }
  GC.textures[key] = canvas;
  return canvas;
};

GC.fillTexture = function (ctx, name, ratio) {
  if (ctx.texture) { ctx.texture(name); return; }
  var pattern = ctx.createPattern(GC.texture(name, ratio), "repeat");
  if (pattern.setTransform && ratio !== 1) pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  ctx.fillStyle = pattern;
};

/** Symbols of sites by kind: told apart by shape, not by colour. */
GC.SYMBOLS = ["triangle", "plus", "square", "circle", "diamond", "star", "ring"];
GC.drawSymbol = function (ctx, kind, x, y, r) {
  var name = GC.SYMBOLS[kind] || "ring", k;
  ctx.beginPath();
  if (name === "triangle") {
    ctx.moveTo(x, y - r * 1.1); ctx.lineTo(x + r * 1.05, y + r * 0.8); ctx.lineTo(x - r * 1.05, y + r * 0.8);
  } else if (name === "plus") {
    var a = r * 0.38;
    [[-a, -r], [a, -r], [a, -a], [r, -a], [r, a], [a, a], [a, r], [-a, r], [-a, a], [-r, a], [-r, -a], [-a, -a]]
      .forEach(function (p, i) { ctx[i ? "lineTo" : "moveTo"](x + p[0], y + p[1]); });
  } else if (name === "square") {
    ctx.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  } else if (name === "circle") {
    ctx.arc(x, y, r * 0.9, 0, 7);
  } else if (name === "diamond") {
    ctx.moveTo(x, y - r * 1.15); ctx.lineTo(x + r, y); ctx.lineTo(x, y + r * 1.15); ctx.lineTo(x - r, y);
  } else if (name === "star") {
    for (k = 0; k < 10; k++) {
      var q = k % 2 ? r * 0.5 : r * 1.2, angle = Math.PI * (k / 5 - 0.5);
      ctx[k ? "lineTo" : "moveTo"](x + q * Math.cos(angle), y + q * Math.sin(angle));
    }
  } else {
    ctx.arc(x, y, r * 0.9, 0, 7);
  }
  ctx.closePath();
  ctx.lineJoin = "round";
  ctx.strokeStyle = "#fff"; ctx.lineWidth = Math.max(1.4, r * 0.5); ctx.stroke();
  ctx.fillStyle = "#14202e"; ctx.fill();
  if (name === "ring") { ctx.beginPath(); ctx.arc(x, y, r * 0.42, 0, 7); ctx.fillStyle = "#fff"; ctx.fill(); }
};

/** Dash of the outline of a tier's circles: the longest solid, then dashed, then dotted. */
GC.tierDash = function (tierId) {
  var ids = GC.data.tiers.map(function (tier) { return tier.id; });
  return [[], [9, 5], [2, 4], [9, 4, 2, 4]][Math.max(0, ids.length - 1 - ids.indexOf(tierId)) % 4];
};

/** A swatch for the legend, drawn by the same code as the map. */
GC.swatch = function (draw) {
  var canvas = GC.h("canvas", { class: "gc-swatch", "aria-hidden": "true" }), ratio = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = 26 * ratio; canvas.height = 16 * ratio;
  var ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  draw(ctx, ratio);
  return canvas;
};
