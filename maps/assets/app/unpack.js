/* The packed scene → tables and shapes. Shapes hold places in world pixels of zoom 0 (Web Mercator, 0 to 256). */
"use strict";

GC.unpack = function (bytes) {
  if (String.fromCharCode(bytes[0], bytes[1], bytes[2], bytes[3]) !== "GCM1") throw new Error("format");
  var size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  var data = JSON.parse(new TextDecoder("utf-8").decode(bytes.subarray(8, 8 + size)));
  var body = bytes.subarray(8 + size);
  data.shapes = {};
  Object.keys(data.sections).forEach(function (name) {
    var parts = name.split("."), section = data.sections[name];
    if (parts[1] === "rings") GC.lazily(data.shapes, parts[0], function () { return GC.shapes(data, body, parts[0]); });
    else if (section.n_bytes !== undefined) {
      GC.lazily(data[parts[0]], parts[1], function () {
        return JSON.parse(new TextDecoder("utf-8").decode(body.subarray(section.at, section.at + section.n_bytes)));
      });
    }
  });
  return data;
};

/** A property that is made when it is first read. */
GC.lazily = function (holder, name, make) {
  Object.defineProperty(holder, name, { configurable: true, enumerable: true, get: function () {
    var value = make();
    Object.defineProperty(holder, name, { value: value, enumerable: true });
    return value;
  } });
};

/** How many shapes a layer has, without unpacking them. */
GC.sizeOf = function (name) {
  var section = GC.data.sections[name + ".rings"];
  return section ? section.n : 0;
};

/** A function that gives the next whole number at a place: seven bits a byte, the lowest first. */
GC.reader = function (bytes, at) {
  return function () {
    var byte = bytes[at++], value = byte & 127;
    if (byte < 128) return value;
    byte = bytes[at++]; value |= (byte & 127) << 7;
    if (byte < 128) return value;
    byte = bytes[at++]; value |= (byte & 127) << 14;
    if (byte < 128) return value;
    for (var factor = 2097152; byte & 128; factor *= 128) { byte = bytes[at++]; value += (byte & 127) * factor; }
    return value;
  };
};

GC.varints = function (bytes, section) {
  var values = new Float64Array(section.n), next = GC.reader(bytes, section.at);
  for (var i = 0; i < section.n; i++) values[i] = next();
  return values;
};

/** Shapes of a layer: `first[i]` to `first[i + 1]` are the rings of shape i, `start[r]` to `start[r + 1]` the points
 *  of ring r in `x`, `y`; `box` holds four numbers a shape. */
GC.shapes = function (data, bytes, name) {
  var rings = GC.varints(bytes, data.sections[name + ".rings"]);
  var sizes = GC.varints(bytes, data.sections[name + ".sizes"]);
  var section = data.sections[name + ".xy"], next = GC.reader(bytes, section.at), step = section.step;
  var n = section.n / 2, x = new Float64Array(n), y = new Float64Array(n), east = 0, north = 0, least = 0, most = 0;
  for (var i = 0; i < n; i++) {
    var a = next(), b = next();
    east += a % 2 ? -(a + 1) / 2 : a / 2;
    north += b % 2 ? -(b + 1) / 2 : b / 2;
    x[i] = GC.worldX(data.origin[0] + east * step);
    y[i] = north;
    if (north < least) least = north; else if (north > most) most = north;
  }
  GC.toWorldY(y, data.origin[1], step, least, most);
  var shapes = { n: rings.length, first: GC.sums(rings), start: GC.sums(sizes), x: x, y: y };
  shapes.box = GC.boxes(shapes);
  return shapes;
};

/** Steps north of the origin → world pixels: from a table every 1e-4 degrees or so, straight in between
 *  (less than 1e-10 world pixels off, a thousandth of a pixel at zoom 22), since a logarithm a point takes long. */
GC.toWorldY = function (y, origin, step, least, most) {
  var width = Math.max(1, Math.round(1e-4 / step)), table = new Float64Array(Math.ceil((most - least) / width) + 2), i;
  if (table.length > y.length) { // few points far apart
    for (i = 0; i < y.length; i++) y[i] = GC.worldY(origin + y[i] * step);
    return;
  }
  for (i = 0; i < table.length; i++) table[i] = GC.worldY(origin + (least + i * width) * step);
  for (i = 0; i < y.length; i++) {
    var at = (y[i] - least) / width, k = Math.floor(at);
    y[i] = table[k] + (at - k) * (table[k + 1] - table[k]);
  }
};

GC.sums = function (counts) {
  var sums = new Uint32Array(counts.length + 1);
  for (var i = 0; i < counts.length; i++) sums[i + 1] = sums[i] + counts[i];
  return sums;
};

GC.boxes = function (shapes) {
  var box = new Float64Array(shapes.n * 4);
  for (var i = 0; i < shapes.n; i++) {
    var west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
    var to = shapes.start[shapes.first[i + 1]];
    for (var p = shapes.start[shapes.first[i]]; p < to; p++) {
      if (shapes.x[p] < west) west = shapes.x[p];
      if (shapes.x[p] > east) east = shapes.x[p];
      if (shapes.y[p] < north) north = shapes.y[p];
      if (shapes.y[p] > south) south = shapes.y[p];
    }
    box[4 * i] = west; box[4 * i + 1] = north; box[4 * i + 2] = east; box[4 * i + 3] = south;
  }
  return box;
};

GC.worldX = function (lon) { return (lon / 360 + 0.5) * 256; };
GC.worldY = function (lat) {
  var sine = Math.sin(lat * Math.PI / 180);
  return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 256;
};
GC.latLng = function (x, y) {
  var lat = Math.atan(Math.sinh(Math.PI * (1 - y / 128))) * 180 / Math.PI;
  return L.latLng(lat, (x / 256 - 0.5) * 360);
};
GC.bounds = function (box) { return L.latLngBounds(GC.latLng(box[0], box[3]), GC.latLng(box[2], box[1])); };
GC.boxOf = function (shapes, i) { return Array.prototype.slice.call(shapes.box, 4 * i, 4 * i + 4); };
GC.joinBoxes = function (boxes) {
  var full = boxes.filter(function (b) { return isFinite(b[0]); });
  if (!full.length) return null;
  return full.reduce(function (a, b) {
    return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
  });
};
GC.ringsOf = function (shapes, i) {
  var rings = [];
  for (var r = shapes.first[i]; r < shapes.first[i + 1]; r++) {
    var ring = [];
    for (var p = shapes.start[r]; p < shapes.start[r + 1]; p++) ring.push(GC.latLng(shapes.x[p], shapes.y[p]));
    rings.push(ring);
  }
  return rings;
};
