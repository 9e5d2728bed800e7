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
  var n = section.n, values = new Float64Array(n), factor = 1, at = section.at;
  for (var plane = 0; plane < section.width; plane++, factor *= 256) {
    for (var i = 0; i < n; i++) values[i] += bytes[at++] * factor;
  }
  return values;
};
GC.unzigzag = function (value) { return value % 2 ? -(value + 1) / 2 : value / 2; };

/** Shapes of a layer: `first[i]` to `first[i + 1]` are the rings of shape i, `start[r]` to `start[r + 1]` the points
 *  of ring r in `x`, `y`; `box` holds four numbers a shape. */
GC.shapes = function (data, bytes, name) {
  var rings = GC.wholes(bytes, data.sections[name + ".rings"]), sizes = GC.wholes(bytes, data.sections[name + ".sizes"]);
  var step = data.sections[name + ".xy"].step, steps = GC.stepsOf(data, bytes, name, sizes), n = steps.x.length;
  var x = new Float64Array(n), y = Float64Array.from(steps.y), least = 0, most = 0;
  for (var i = 0; i < n; i++) {
    x[i] = GC.worldX(data.origin[0] + steps.x[i] * step);
    if (y[i] < least) least = y[i]; else if (y[i] > most) most = y[i];
  }
  GC.toWorldY(y, data.origin[1], step, least, most);
  var shapes = { n: rings.length, first: GC.sums(rings), start: GC.sums(sizes), x: x, y: y };
  shapes.box = GC.boxes(shapes);
  return shapes;
};

/** The places of a layer in whole steps from the origin: each by its difference from the one before, or taken along an
 *  earlier ring. Layers of one step that share borders lie one after the other in a pool, so earlier ones are read first. */
GC.stepsOf = function (data, bytes, name, sizes) {
  var runs = data.sections[name + ".runs"], pool, from = 0, n = GC.sum(sizes);
  if (runs) {
    pool = GC.poolOf(data, bytes, runs.step);
    from = pool.from[name];
    while (pool.read <= pool.names.indexOf(name)) GC.readSteps(data, bytes, pool.names[pool.read++], pool);
  } else {
    pool = { x: new Int32Array(n), y: new Int32Array(n), from: {} };
    pool.from[name] = 0;
    GC.readSteps(data, bytes, name, pool);
  }
  return { x: pool.x.subarray(from, from + n), y: pool.y.subarray(from, from + n) };
};
GC.poolOf = function (data, bytes, step) {
  var pools = data.pools || (data.pools = {}), n = 0, ring = 0;
  if (pools[step]) return pools[step];
  var pool = pools[step] = { names: [], from: {}, read: 0 }, sizes = [];
  Object.keys(data.sections).forEach(function (key) {
    var name = key.split(".")[0];
    if (key !== name + ".runs" || data.sections[key].step !== step) return;
    pool.names.push(name);
    pool.from[name] = n;
    sizes.push(GC.wholes(bytes, data.sections[name + ".sizes"]));
    n += GC.sum(sizes[sizes.length - 1]);
  });
  pool.x = new Int32Array(n); pool.y = new Int32Array(n); pool.after = new Int32Array(n); pool.before = new Int32Array(n);
  sizes.forEach(function (list) {
    list.forEach(function (size) { // the neighbours of each place in its ring
      for (var i = 0; i < size; i++) {
        pool.after[ring + i] = ring + (i + 1) % size;
        pool.before[ring + i] = ring + (i + size - 1) % size;
      }
      ring += size;
    });
  });
  return pool;
};
GC.readSteps = function (data, bytes, name, pool) {
  var section = function (part) { return data.sections[name + "." + part]; }, told = GC.wholes(bytes, section("xy"));
  var runs = section("runs") ? GC.wholes(bytes, section("runs")) : [told.length / 2], sources = section("runs") ? GC.wholes(bytes, section("sources")) : [];
  var at = pool.from[name], x = 0, y = 0, next = 0;
  for (var r = 0; r < runs.length; r++) {
    var left = runs[r], taken = r % 2 === 1, source = taken ? sources[r >> 1] : 0, to = source % 2 ? pool.before : pool.after;
    for (var from = at - Math.floor(source / 2); left > 0; left--, at++) {
      if (taken) { x = pool.x[from]; y = pool.y[from]; from = to[from]; }
      else { x += GC.unzigzag(told[next++]); y += GC.unzigzag(told[next++]); }
      pool.x[at] = x; pool.y[at] = y;
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

GC.sum = function (counts) { return counts.reduce(function (sum, count) { return sum + count; }, 0); };
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
