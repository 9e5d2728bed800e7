/* The packed scene → tables and shapes. Shapes hold places in world pixels of zoom 0 (Web Mercator, 0 to 256). */
"use strict";

GC.unpack = function (bytes) {
  if (String.fromCharCode(bytes[0], bytes[1], bytes[2], bytes[3]) !== "GCM2") throw new Error("format");
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

/** Whole numbers of a section: bytes in planes, the lowest of all numbers first. */
GC.wholes = function (bytes, section) {
  var n = section.n, width = section.width, values = width > 4 ? new Float64Array(n) : new Uint32Array(n);
  for (var plane = 0, at = section.at; plane < width; plane++) {
    var i = 0, shift = 8 * plane, factor = Math.pow(256, plane);
    if (!plane) for (; i < n; i++) values[i] = bytes[at++];
    else if (width > 4) for (; i < n; i++) values[i] += bytes[at++] * factor;
    else for (; i < n; i++) values[i] |= bytes[at++] << shift;
  }
  return values;
};

/** Whole numbers of either sign: 0, -1, 1, -2 told as 0, 1, 2, 3. */
GC.signed = function (bytes, section) {
  var told = GC.wholes(bytes, section);
  if (section.width > 4) return told.map(function (value) { return value % 2 ? -(value + 1) / 2 : value / 2; });
  var values = new Int32Array(told.buffer);
  for (var i = 0; i < values.length; i++) values[i] = values[i] >>> 1 ^ -(values[i] & 1);
  return values;
};

/** Shapes of a layer: `first[i]` to `first[i + 1]` are the rings of shape i, `start[r]` to `start[r + 1]` the points
 *  of ring r in `x`, `y`; `box` holds four numbers a shape. */
GC.shapes = function (data, bytes, name) {
  var rings = GC.wholes(bytes, data.sections[name + ".rings"]), start = GC.sums(GC.wholes(bytes, data.sections[name + ".sizes"]));
  var step = data.sections[name + ".xy"].step, at = GC.stepsOf(data, bytes, name, start[start.length - 1]), x = at.x, y = at.y, least = 0, most = 0;
  for (var i = 0; i < x.length; i++) {
    x[i] = GC.worldX(data.origin[0] + x[i] * step);
    if (y[i] < least) least = y[i]; else if (y[i] > most) most = y[i];
  }
  GC.toWorldY(y, data.origin[1], step, least, most);
  var shapes = { n: rings.length, first: GC.sums(rings), start: start, x: x, y: y };
  shapes.box = GC.boxes(shapes);
  return shapes;
};

/** The n places of a layer in whole steps from the origin: each by its difference from the one before, or taken along an
 *  earlier ring. Layers of one step that share borders lie one after the other in a pool, and are read in that order. */
GC.stepsOf = function (data, bytes, name, n) {
  if (!data.sections[name + ".runs"]) {
    var own = { x: new Float64Array(n), y: new Float64Array(n) };
    GC.readSteps(own, 0, GC.signed(bytes, data.sections[name + ".xy"]), [n], []);
    return own;
  }
  var pool = GC.poolOf(data, bytes, data.sections[name + ".runs"].step), from = pool.from[pool.names.indexOf(name)];
  while (pool.read <= pool.names.indexOf(name)) {
    var next = pool.names[pool.read], read = function (part) { return GC.wholes(bytes, data.sections[next + "." + part]); };
    GC.readSteps(pool, pool.from[pool.read++], GC.signed(bytes, data.sections[next + ".xy"]), read("runs"), read("sources"));
  }
  return { x: pool.x.slice(from, from + n), y: pool.y.slice(from, from + n) };
};
GC.poolOf = function (data, bytes, step) {
  var pools = data.pools || (data.pools = {}), pool = pools[step], n = 0;
  if (pool) return pool;
  pool = pools[step] = { names: [], from: [], read: 0 };
  var starts = [];
  Object.keys(data.sections).forEach(function (key) {
    var name = key.split(".")[0];
    if (key !== name + ".runs" || data.sections[key].step !== step) return;
    var start = GC.sums(GC.wholes(bytes, data.sections[name + ".sizes"]));
    pool.names.push(name);
    pool.from.push(n);
    starts.push(start);
    n += start[start.length - 1];
  });
  pool.x = new Float64Array(n); pool.y = new Float64Array(n); pool.after = new Uint32Array(n); pool.before = new Uint32Array(n);
  for (var i = 0; i < n; i++) { pool.after[i] = i + 1; pool.before[i] = i - 1; }
  starts.forEach(function (start, layer) { // a ring goes back to its first place
    for (var r = 0; r + 1 < start.length; r++) {
      var first = pool.from[layer] + start[r], last = pool.from[layer] + start[r + 1] - 1;
      pool.after[last] = first; pool.before[first] = last;
    }
  });
  return pool;
};

/** `runs`: new places, taken places, new places …; a source tells how far back the first one lies, times 2, plus 1 against the order there. */
GC.readSteps = function (pool, at, told, runs, sources) {
  var x = 0, y = 0, next = 0, px = pool.x, py = pool.y;
  for (var r = 0; r < runs.length; r++) {
    var to = at + runs[r];
    if (r % 2) {
      var source = sources[r >> 1], onward = source % 2 ? pool.before : pool.after, from = at - (source >>> 1);
      for (; at < to; at++, from = onward[from]) { px[at] = px[from]; py[at] = py[from]; }
      x = px[at - 1]; y = py[at - 1];
    } else {
      for (; at < to; at++) { px[at] = x += told[next++]; py[at] = y += told[next++]; }
    }
  }
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
