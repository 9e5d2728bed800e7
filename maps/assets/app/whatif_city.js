/* What if: the packed city as typed arrays. What follows from other numbers is told as the difference from that. */
"use strict";

/** A packed city → typed arrays, judged as it stands; see maps/whatif. */
GC.whatIfCity = function (bytes) {
  var packed = GC.packedCity(bytes), head = packed.head, parts = packed.read("member.parts")[0], city = {
    head: head, siteXY: packed.places("site.xy"), grid: packed.summed("member.grid"),
    member: packed.summed("member.place"), isHead: packed.whole("grid.head"), area: packed.whole("grid.area")
  };
  city.weight = Float64Array.from(packed.read("member.weight"), function (value) { return value / parts; });
  city.nGrids = city.isHead.length;
  if (head.model === "radius") GC.straightCity(city, packed); else GC.streetCity(city, packed);
  city.before = GC.whatIfJudge(city, { add: [], move: {}, remove: [], links: [] }).tiers;
  return city;
};
GC.packedCity = function (bytes) {
  var size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  var head = JSON.parse(new TextDecoder("utf-8").decode(bytes.subarray(8, 8 + size))), body = bytes.subarray(8 + size);
  var read = function (name) { return GC.wholes(body, head.sections[name]); };
  var signed = function (name) { return GC.signed(body, head.sections[name]); };
  return {
    head: head, read: read, whole: function (name) { return Int32Array.from(read(name)); },
    signed: signed,
    summed: function (name) {
      var now = 0;
      return Int32Array.from(signed(name), function (step) { return now += step; });
    },
    places: function (name) {
      var steps = Float64Array.from(signed(name));
      for (var i = 2; i < steps.length; i++) steps[i] += steps[i - 2];
      return steps.map(function (step) { return step / head.steps_per_m; });
    }
  };
};

/** The streets, places and counts of a city judged along streets. */
GC.streetCity = function (city, packed) {
  var whole = packed.whole, summed = packed.summed, head = city.head;
  L.extend(city, {
    nNodes: head.n_nodes, start: summed("chain.start"), end: packed.signed("chain.end"), ms: packed.signed("chain.ms"),
    edgeSize: whole("edge.size"), edgeChain: summed("edge.chain"), edgeFrom: whole("edge.from_ms"), edgeMs: packed.signed("edge.ms"),
    edgeFlipped: whole("edge.flipped"),
    site: { chain: summed("site.chain"), at: whole("site.at_ms"), access: whole("site.access_ms") },
    place: { chain: summed("place.chain"), at: whole("place.at_ms"), access: whole("place.access_ms") },
    cells: whole("grid.cells"), inside: {}, sites: {}
  });
  for (var c = 0; c < city.start.length; c++) city.end[c] += city.start[c];
  city.xy = GC.edgePlaces(city, packed.signed("edge.xy"));
  GC.edgeTimes(city);
  head.tiers.forEach(function (tier) { city.inside[tier.id] = whole("inside." + tier.id); city.sites[tier.id] = whole("sites." + tier.id); });
  city.longest = Math.max.apply(null, head.tiers.map(function (tier) { return tier.limit_ms; }));
  GC.joinCity(city);
  GC.snapCells(city);
};

/** The vertices of the edges: each told from the one before, the end of an edge from where its junction was told. */
GC.edgePlaces = function (city, steps) {
  var told = new Map(), ends = GC.junctions(city), xy = new Float64Array(steps.length), at = 0, x = 0, y = 0;
  for (var e = 0; e < city.edgeSize.length; e++) {
    for (var i = 0; i <= city.edgeSize[e]; i++, at += 2) {
      var junction = i === 0 ? ends[2 * e] : i === city.edgeSize[e] ? ends[2 * e + 1] : -1, known = told.get(junction);
      if (known !== undefined) { x = xy[known]; y = xy[known + 1]; } else if (junction >= 0) told.set(junction, at);
      x += steps[at]; y += steps[at + 1];
      xy[at] = x; xy[at + 1] = y;
    }
  }
  return xy.map(function (step) { return step / city.head.steps_per_m; });
};

/** Number of the junction at both ends of each edge; on a chain edges follow each other by the time at which they begin. */
GC.junctions = function (city) {
  var ends = new Int32Array(2 * city.edgeSize.length), by = GC.grouped(city.edgeChain, city.start.length), place = city.nNodes;
  for (var c = 0; c < city.start.length; c++) {
    var edges = Array.from(by.order.subarray(by.first[c], by.first[c + 1])).sort(function (a, b) { return city.edgeFrom[a] - city.edgeFrom[b] || a - b; });
    edges.forEach(function (e, k) {
      var low = k === 0 ? city.start[c] : place, high = k === edges.length - 1 ? city.end[c] : place + 1;
      ends[2 * e] = city.edgeFlipped[e] ? high : low;
      ends[2 * e + 1] = city.edgeFlipped[e] ? low : high;
      place++;
    });
  }
  return ends;
};

/** Times of edges (told: the difference from their length at the speed of the mode) and of chains (from that of their edges). */
GC.edgeTimes = function (city) {
  var xy = city.xy, at = 0;
  for (var e = 0; e < city.edgeSize.length; e++, at += 2) {
    var along = 0;
    for (var i = 0; i < city.edgeSize[e]; i++, at += 2) {
      var dx = xy[at + 2] - xy[at], dy = xy[at + 3] - xy[at + 1];
      along += Math.sqrt(dx * dx + dy * dy);
    }
    city.edgeMs[e] += GC.rint(along * city.head.ms_per_m);
    city.ms[city.edgeChain[e]] += city.edgeMs[e];
  }
};
