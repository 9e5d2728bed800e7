/* What if: sites and links tried out in the page, by the same whole milliseconds as the Python of GridCircle. */
"use strict";

GC.NEVER = 2147483647;
GC.BUCKET = 8192;

/** Rows sorted by a key: `first[k]` to `first[k + 1]` are the positions in `order` of key k. */
GC.grouped = function (keys, n) {
  var first = new Int32Array(n + 1), i;
  for (i = 0; i < keys.length; i++) if (keys[i] >= 0) first[keys[i] + 1]++;
  for (i = 0; i < n; i++) first[i + 1] += first[i];
  var at = first.slice(0, n), order = new Int32Array(first[n]);
  for (i = 0; i < keys.length; i++) if (keys[i] >= 0) order[at[keys[i]]++] = i;
  return { first: first, order: order };
};

/** Arcs of each junction, places of each chain, grids of each place, connected parts. */
GC.joinCity = function (city) {
  var c = city.start.length, ends = new Int32Array(2 * c);
  ends.set(city.start); ends.set(city.end, c);
  city.arcs = GC.grouped(ends, city.nNodes); // arc a of chain a % c leads to its other end
  city.onChain = GC.grouped(city.place.chain, c);
  city.gridsOf = GC.grouped(city.member, city.place.chain.length);
  city.part = new Int32Array(city.nNodes);
  for (var i = 0; i < city.nNodes; i++) city.part[i] = i;
  for (i = 0; i < c; i++) GC.unite(city.part, city.start[i], city.end[i]);
  for (i = 0; i < city.nNodes; i++) city.part[i] = GC.rootOf(city.part, i);
  city.times = new Int32Array(city.nNodes).fill(GC.NEVER);
  city.headWeight = new Float64Array(city.grid.length);
  for (i = 0; i < city.grid.length; i++) {
    var g = city.grid[i];
    if (!city.isHead[g]) continue;
    city.headWeight[i] = city.member[i] >= city.head.n_points ? city.area[g] / city.cells[g] : city.weight[i];
  }
};
GC.rootOf = function (part, i) { while (part[i] !== i) i = part[i] = part[part[i]]; return i; };
GC.unite = function (part, a, b) { a = GC.rootOf(part, a); b = GC.rootOf(part, b); if (a !== b) part[Math.max(a, b)] = Math.min(a, b); };

/* Snapping: the segments of the edges in cells of 50 m. */
GC.snapCells = function (city) {
  var n = 0, e, i, xy = city.xy, west = Infinity, south = Infinity, east = -Infinity, north = -Infinity;
  for (e = 0; e < city.edgeSize.length; e++) n += city.edgeSize[e];
  city.segPoint = new Int32Array(n); city.segEdge = new Int32Array(n); city.segAlong = new Float64Array(n);
  city.edgeFirst = new Int32Array(city.edgeSize.length);
  var s = 0, p = 0;
  for (e = 0; e < city.edgeSize.length; e++) {
    var along = 0;
    city.edgeFirst[e] = p;
    for (i = 0; i < city.edgeSize[e]; i++, s++, p++) {
      city.segPoint[s] = p; city.segEdge[s] = e; city.segAlong[s] = along;
      var dx = xy[2 * p + 2] - xy[2 * p], dy = xy[2 * p + 3] - xy[2 * p + 1];
      along += Math.sqrt(dx * dx + dy * dy);
    }
    p++;
  }
  for (i = 0; i < xy.length; i += 2) {
    west = Math.min(west, xy[i]); east = Math.max(east, xy[i]); south = Math.min(south, xy[i + 1]); north = Math.max(north, xy[i + 1]);
  }
  var cell = Math.max(50, Math.sqrt((east - west) * (north - south) / Math.max(1, 4 * n)));
  var columns = Math.floor((east - west) / cell) + 1, rows = Math.floor((north - south) / cell) + 1;
  var keys = [], of = [];
  for (s = 0; s < n; s++) {
    p = city.segPoint[s];
    var x0 = Math.floor((Math.min(xy[2 * p], xy[2 * p + 2]) - west) / cell), x1 = Math.floor((Math.max(xy[2 * p], xy[2 * p + 2]) - west) / cell);
    var y0 = Math.floor((Math.min(xy[2 * p + 1], xy[2 * p + 3]) - south) / cell), y1 = Math.floor((Math.max(xy[2 * p + 1], xy[2 * p + 3]) - south) / cell);
    for (var r = y0; r <= y1; r++) for (var k = x0; k <= x1; k++) { keys.push(r * columns + k); of.push(s); }
  }
  var cells = GC.grouped(keys, columns * rows);
  city.cells_ = { first: cells.first, members: cells.order.map(function (at) { return of[at]; }), west: west, south: south, cell: cell, columns: columns, rows: rows };
};

/** The nearest place on a street: chain, time from its start, time of the way to it; null where none is near. */
GC.snap = function (city, x, y) {
  var grid = city.cells_, within = city.head.max_snap_m, xy = city.xy, best = within * within, edge = -1, along = 0, away = 0;
  var reach = Math.ceil(within / grid.cell), column = Math.floor((x - grid.west) / grid.cell), row = Math.floor((y - grid.south) / grid.cell);
  for (var r = Math.max(0, row - reach); r <= Math.min(grid.rows - 1, row + reach); r++) {
    for (var c = Math.max(0, column - reach); c <= Math.min(grid.columns - 1, column + reach); c++) {
      var cell = r * grid.columns + c;
      for (var m = grid.first[cell]; m < grid.first[cell + 1]; m++) {
        var s = grid.members[m], p = 2 * city.segPoint[s], ax = xy[p], ay = xy[p + 1], dx = xy[p + 2] - ax, dy = xy[p + 3] - ay;
        var square = dx * dx + dy * dy, t = 0;
        if (square > 0) t = Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / square, 0), 1);
        var ex = x - (ax + t * dx), ey = y - (ay + t * dy), far = ex * ex + ey * ey;
        if (far < best || (far === best && (edge < 0 || city.segEdge[s] < edge))) {
          best = far; edge = city.segEdge[s]; along = city.segAlong[s] + t * Math.sqrt(square); away = Math.sqrt(far);
        }
      }
    }
  }
  if (edge < 0) return null;
  var pace = city.head.ms_per_m, ride = Math.min(GC.rint(along * pace), city.edgeMs[edge]);
  if (city.edgeFlipped[edge]) ride = city.edgeMs[edge] - ride;
  return { chain: city.edgeChain[edge], at: city.edgeFrom[edge] + ride, access: GC.rint(away * pace) };
};
/** Round to the nearest whole number, halves to the even one. */
GC.rint = function (value) {
  var low = Math.floor(value), rest = value - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
};

/* Links: each end is a stop on its chain; a chain may have several. */
GC.openLinks = function (city, links) {
  var stops = [], byChain = new Map();
  links.forEach(function (link, i) {
    var a = GC.snap(city, link.from[0], link.from[1]), b = GC.snap(city, link.to[0], link.to[1]);
    if (!a || !b) throw new Error("link");
    var dx = link.from[0] - link.to[0], dy = link.from[1] - link.to[1];
    var ms = GC.rint(Math.sqrt(dx * dx + dy * dy) * city.head.ms_per_m) + a.access + b.access;
    [a, b].forEach(function (end, side) {
      var stop = { chain: end.chain, at: end.at, time: GC.NEVER, other: 2 * i + 1 - side, ms: ms };
      stops.push(stop);
      if (!byChain.has(end.chain)) byChain.set(end.chain, []);
      byChain.get(end.chain).push(stop);
    });
  });
  return { stops: stops, byChain: byChain };
};

/** Search from a place outwards, at most `limit` ms, with `links` opened; calls `met(place, ms)` for every place reached. */
GC.ball = function (city, from, limit, links, met) {
  var times = city.times, c = city.start.length, seen = [], buckets = [], reached = [];
  var put = function (node, ms) {
    if (ms > limit || ms >= times[node]) return;
    if (times[node] === GC.NEVER) seen.push(node);
    times[node] = ms;
    var b = Math.floor(ms / GC.BUCKET);
    (buckets[b] = buckets[b] || []).push(node);
  };
  var stopAt = function (stop, ms) {
    if (ms > limit || ms >= stop.time) return;
    if (stop.time === GC.NEVER) reached.push(stop);
    stop.time = ms;
    var b = Math.floor(ms / GC.BUCKET);
    (buckets[b] = buckets[b] || []).push(stop);
  };
  var stopsOn = function (chain) { return links ? links.byChain.get(chain) : undefined; };
  var along = function (chain, at, ms) { // from a point inside a chain to its ends and its stops
    put(city.start[chain], ms + at);
    put(city.end[chain], ms + city.ms[chain] - at);
    (stopsOn(chain) || []).forEach(function (stop) { stopAt(stop, ms + Math.abs(stop.at - at)); });
  };
  along(from.chain, from.at, from.access);
  for (var b = 0; b < buckets.length; b++) {
    var waiting = buckets[b];
    for (var w = 0; waiting && w < waiting.length; w++) {
      var one = waiting[w];
      if (typeof one !== "number") {
        if (Math.floor(one.time / GC.BUCKET) !== b) continue;
        along(one.chain, one.at, one.time);
        stopAt(links.stops[one.other], one.time + one.ms);
        continue;
      }
      var now = times[one];
      if (Math.floor(now / GC.BUCKET) !== b) continue;
      for (var a = city.arcs.first[one]; a < city.arcs.first[one + 1]; a++) {
        var arc = city.arcs.order[a], chain = arc % c;
        put(arc < c ? city.end[chain] : city.start[chain], now + city.ms[chain]);
        var on = stopsOn(chain);
        if (on) on.forEach(function (stop) { stopAt(stop, now + (arc < c ? stop.at : city.ms[chain] - stop.at)); });
      }
    }
  }
  var done = new Set(), place = city.place;
  var look = function (chain) {
    if (done.has(chain)) return;
    done.add(chain);
    var first = times[city.start[chain]], last = times[city.end[chain]], on = stopsOn(chain);
    for (var i = city.onChain.first[chain]; i < city.onChain.first[chain + 1]; i++) {
      var p = city.onChain.order[i], at = place.at[p], ms = Math.min(first + at, last + city.ms[chain] - at);
      if (chain === from.chain) ms = Math.min(ms, Math.abs(from.at - at) + from.access);
      if (on) on.forEach(function (stop) { ms = Math.min(ms, stop.time + Math.abs(stop.at - at)); });
      ms += place.access[p];
      if (ms <= limit) met(p, ms);
    }
  };
  look(from.chain);
  seen.forEach(function (node) {
    for (var i = city.arcs.first[node]; i < city.arcs.first[node + 1]; i++) look(city.arcs.order[i] % c);
  });
  reached.forEach(function (stop) { look(stop.chain); });
  var found = { nodes: seen, times: seen.map(function (node) { return times[node]; }) };
  seen.forEach(function (node) { times[node] = GC.NEVER; });
  reached.forEach(function (stop) { stop.time = GC.NEVER; });
  return found;
};

/** Sites whose circles links may change: where a link is a shorter way between its ends. */
GC.gainingSites = function (city, links, skip) {
  var found = new Set(), n = city.site.chain.length;
  for (var i = 0; i < links.stops.length; i += 2) {
    var away = [links.stops[i], links.stops[i + 1]].map(function (stop) { return GC.timesOfSites(city, stop); });
    for (var s = 0; s < n; s++) {
      var near = Math.min(away[0][s], away[1][s]) + links.stops[i].ms;
      if (!skip.has(s) && near < Math.max(away[0][s], away[1][s]) && near <= city.longest) found.add(s);
    }
  }
  return found;
};
GC.timesOfSites = function (city, stop) {
  var ball = GC.ball(city, { chain: stop.chain, at: stop.at, access: 0 }, city.longest, null, function () {}), at = new Map();
  ball.nodes.forEach(function (node, i) { at.set(node, ball.times[i]); });
  return Array.from(city.site.chain, function (chain, s) {
    if (chain < 0) return Infinity;
    var first = at.get(city.start[chain]), last = at.get(city.end[chain]), on = city.site.at[s];
    var ms = Math.min(first === undefined ? Infinity : first + on, last === undefined ? Infinity : last + city.ms[chain] - on);
    if (chain === stop.chain) ms = Math.min(ms, Math.abs(stop.at - on));
    ms += city.site.access[s];
    return ms <= city.longest ? ms : Infinity;
  });
};

/** Judge every tier with edits made: {add: [{xy, category}], move: {position: xy}, remove: [position], links: [{from, to}]}. */
GC.whatIfJudge = function (city, edits) {
  return city.head.model === "radius" ? GC.judgeStraight(city, edits) : GC.judgeStreets(city, edits);
};
GC.judgeStreets = function (city, edits) {
  var links = edits.links.length ? GC.openLinks(city, edits.links) : null, changes = [], gone = new Set();
  var oldPlace = function (s) { return { chain: city.site.chain[s], at: city.site.at[s], access: city.site.access[s] }; };
  var kind = function (s) { return city.head.category ? city.head.category[s] : null; };
  edits.remove.forEach(function (s) { gone.add(s); });
  Object.keys(edits.move).forEach(function (s) { gone.add(Number(s)); });
  gone.forEach(function (s) { if (city.site.chain[s] >= 0) changes.push({ at: oldPlace(s), kind: kind(s), sign: -1, links: null }); });
  var fresh = edits.add.map(function (site) { return { at: GC.snap(city, site.xy[0], site.xy[1]), kind: site.category }; });
  Object.keys(edits.move).forEach(function (s) {
    fresh.push({ at: GC.snap(city, edits.move[s][0], edits.move[s][1]), kind: kind(Number(s)) });
  });
  fresh.forEach(function (site) { if (site.at) changes.push({ at: site.at, kind: site.kind, sign: 1, links: links }); });
  if (links) {
    GC.gainingSites(city, links, gone).forEach(function (s) {
      if (city.site.chain[s] < 0) return;
      changes.push({ at: oldPlace(s), kind: kind(s), sign: -1, links: null }, { at: oldPlace(s), kind: kind(s), sign: 1, links: links });
    });
  }
  var counts = {}, tiers = city.head.tiers;
  tiers.forEach(function (tier) { counts[tier.id] = { inside: city.inside[tier.id].slice(), sites: city.sites[tier.id].slice() }; });
  var stamp = tiers.map(function () { return new Int32Array(city.nGrids).fill(-1); });
  changes.forEach(function (change, number) {
    var mine = tiers.map(function (tier) { return GC.countsIn(tier, change.kind); });
    GC.ball(city, change.at, city.longest, change.links, function (place, ms) {
      for (var t = 0; t < tiers.length; t++) {
        if (!mine[t] || ms > tiers[t].limit_ms) continue;
        var count = counts[tiers[t].id];
        count.inside[place] += change.sign;
        for (var i = city.gridsOf.first[place]; i < city.gridsOf.first[place + 1]; i++) {
          var grid = city.grid[city.gridsOf.order[i]];
          if (stamp[t][grid] !== number) { stamp[t][grid] = number; count.sites[grid] += change.sign; }
        }
      }
    });
  });
  var part = GC.partsWith(city, links), result = { tiers: {}, fresh: fresh, links: links };
  tiers.forEach(function (tier) {
    var has = new Uint8Array(city.nNodes), n = 0;
    var hold = function (at, kindOf) {
      if (!GC.countsIn(tier, kindOf)) return;
      n++;
      if (at && at.chain >= 0) has[part[city.start[at.chain]]] = 1;
    };
    for (var s = 0; s < city.site.chain.length; s++) if (!gone.has(s)) hold(oldPlace(s), kind(s));
    fresh.forEach(function (site) { hold(site.at, site.kind); });
    result.tiers[tier.id] = GC.whatIfTier(city, counts[tier.id], part, n ? has : null);
  });
  return result;
};
GC.countsIn = function (tier, kind) { return tier.categories === null || tier.categories.indexOf(kind) >= 0; };

GC.partsWith = function (city, links) {
  if (!links) return city.part;
  var part = city.part.slice();
  links.stops.forEach(function (stop, i) {
    if (i % 2 === 0) GC.unite(part, city.start[stop.chain], city.start[links.stops[i + 1].chain]);
  });
  for (var i = 0; i < part.length; i++) part[i] = GC.rootOf(part, i);
  return part;
};

/** Shares and classes of the grids; sums run in the order of the members, as in Python. */
GC.whatIfTier = function (city, count, part, has) {
  var n = city.nGrids, hit = new Float64Array(n), total = new Float64Array(n), share = new Float64Array(n), covered = 0, judged = 0;
  var known = new Uint8Array(city.place.chain.length), inside = new Uint8Array(known.length), i;
  for (i = 0; i < known.length; i++) {
    var chain = city.place.chain[i];
    known[i] = has === null || (chain >= 0 && has[part[city.start[chain]]]) ? 1 : 0;
    inside[i] = count.inside[i] > 0 ? 1 : 0;
  }
  for (i = 0; i < city.grid.length; i++) {
    var p = city.member[i], weight = city.weight[i] * known[p];
    total[city.grid[i]] += weight;
    hit[city.grid[i]] += weight * inside[p];
    judged += city.headWeight[i] * known[p];
    covered += city.headWeight[i] * known[p] * inside[p];
  }
  for (i = 0; i < n; i++) share[i] = total[i] > 0 ? hit[i] / total[i] : NaN;
  var classes = GC.classesBy(city.head, share, count.sites);
  return { share: share, sites: count.sites, classes: classes, inside: inside, total: judged > 0 ? covered / judged : null };
};

/** The class of each grid from its share and its number of sites. */
GC.classesBy = function (rules, share, sites) {
  var some = [], i;
  for (i = 0; i < share.length; i++) if (share[i] > 0) some.push(sites[i]);
  some.sort(function (a, b) { return a - b; });
  var half = some.length >> 1, median = !some.length ? 0 : some.length % 2 ? some[half] : (some[half - 1] + some[half]) / 2;
  var above = Math.max(rules.crowded_quotient * median, 3), classes = [];
  for (i = 0; i < share.length; i++) {
    classes.push(isNaN(share[i]) ? "unknown" : share[i] === 0 ? "blank" : share[i] < rules.thin_below_share ? "thin"
      : sites[i] > above ? "crowded" : "adequate");
  }
  return classes;
};

/** Who is inside only afterwards, and only before. */
GC.whatIfGains = function (city, before, after) {
  var gained = 0, lost = 0;
  for (var i = 0; i < city.grid.length; i++) {
    var was = before.inside[city.member[i]], now = after.inside[city.member[i]];
    if (now > was) gained += city.headWeight[i];
    if (was > now) lost += city.headWeight[i];
  }
  (city.borders || []).forEach(function (border) { // what a grid judged by its area gains or loses as a whole
    var wider = city.isHead[border.grid] ? (after.share[border.grid] - before.share[border.grid]) * border.area : 0;
    if (wider > 0) gained += wider; else lost -= wider;
  });
  return { gained: gained, lost: lost };
};

/** Degrees ↔ metres of the working CRS. */
GC.plane = function (fit, a, b) {
  var u = (a - fit.centre[0]) / fit.scale[0], v = (b - fit.centre[1]) / fit.scale[1], x = fit.shift[0], y = fit.shift[1];
  fit.powers.forEach(function (power, i) {
    var term = Math.pow(u, power[0]) * Math.pow(v, power[1]);
    x += fit.terms[0][i] * term; y += fit.terms[1][i] * term;
  });
  return [x, y];
};
