/* What if by straight line: sites tried out in the page where no streets were given. */
"use strict";

GC.ROUNDING = 1e-9;

/** Places and sites of a city judged by radius, and the borders of the grids judged by their area. */
GC.straightCity = function (city, packed) {
  var head = city.head, i;
  city.placeXY = packed.places("place.xy");
  city.gridsOf = GC.grouped(city.member, city.placeXY.length / 2);
  city.headWeight = new Float64Array(city.grid.length);
  for (i = 0; i < city.grid.length; i++) if (city.isHead[city.grid[i]]) city.headWeight[i] = city.weight[i];
  city.borders = GC.bordersOf(packed);
  GC.cellPlaces(city);
  city.counts = {};
  var all = [];
  for (i = 0; i < city.siteXY.length / 2; i++) all.push(GC.standing(city, i, 1));
  head.tiers.forEach(function (tier) {
    var n = city.nGrids, count = { inside: new Int32Array(city.placeXY.length / 2), sites: new Int32Array(n), share: new Float64Array(n) };
    GC.countStraight(city, tier, count, all, all);
    city.counts[tier.id] = count;
  });
};
GC.standing = function (city, s, sign) {
  return { xy: [city.siteXY[2 * s], city.siteXY[2 * s + 1]], kind: city.head.category ? city.head.category[s] : null, sign: sign };
};

/** Rings, box and area of each grid judged by its area; shells run to the left of `sign`. */
GC.bordersOf = function (packed) {
  var rings = packed.whole("border.rings"), sizes = packed.whole("border.sizes"), turned = packed.whole("border.turned");
  var xy = packed.places("border.xy"), found = [], ring = 0, at = 0;
  rings.forEach(function (n, grid) {
    if (!n) return;
    var border = { grid: grid, rings: [], area: 0, box: [Infinity, Infinity, -Infinity, -Infinity] };
    for (; n > 0; n--, ring++) {
      var one = { xy: xy.subarray(2 * at, 2 * (at + sizes[ring])), sign: turned[ring] ? -1 : 1 };
      at += sizes[ring];
      border.rings.push(one);
      var x0 = one.xy[0], y0 = one.xy[1];
      for (var k = 0; k < one.xy.length; k += 2) {
        var x = one.xy[k], y = one.xy[k + 1], box = border.box;
        box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y); box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
        if (k + 2 < one.xy.length) border.area += one.sign * ((x - x0) * (one.xy[k + 3] - y0) - (one.xy[k + 2] - x0) * (y - y0)) / 2;
      }
    }
    found.push(border);
  });
  return found;
};

/** Places in square cells of 250 m or more. */
GC.cellPlaces = function (city) {
  var xy = city.placeXY, n = xy.length / 2, west = Infinity, south = Infinity, east = -Infinity, north = -Infinity, i;
  for (i = 0; i < n; i++) {
    west = Math.min(west, xy[2 * i]); east = Math.max(east, xy[2 * i]); south = Math.min(south, xy[2 * i + 1]); north = Math.max(north, xy[2 * i + 1]);
  }
  if (!n) { west = south = 0; east = north = 1; }
  var cell = Math.max(250, Math.sqrt((east - west) * (north - south) / (n + 1)), (east - west + north - south) / (n + 1));
  var columns = Math.floor((east - west) / cell) + 1, rows = Math.floor((north - south) / cell) + 1, keys = new Int32Array(n);
  for (i = 0; i < n; i++) keys[i] = Math.floor((xy[2 * i + 1] - south) / cell) * columns + Math.floor((xy[2 * i] - west) / cell);
  var by = GC.grouped(keys, columns * rows);
  city.near = { first: by.first, order: by.order, west: west, south: south, cell: cell, columns: columns, rows: rows };
};
GC.placesNear = function (city, at, limit, met) {
  var near = city.near, xy = city.placeXY, clamp = function (value, most) { return Math.min(Math.max(Math.floor(value), 0), most); };
  var c0 = clamp((at[0] - limit - near.west) / near.cell, near.columns), c1 = clamp((at[0] + limit - near.west) / near.cell, near.columns - 1);
  var r0 = clamp((at[1] - limit - near.south) / near.cell, near.rows), r1 = clamp((at[1] + limit - near.south) / near.cell, near.rows - 1);
  for (var r = r0; r <= r1; r++) {
    for (var c = c0; c <= c1; c++) {
      for (var k = near.first[r * near.columns + c]; k < near.first[r * near.columns + c + 1]; k++) {
        var p = near.order[k], dx = xy[2 * p] - at[0], dy = xy[2 * p + 1] - at[1];
        if (Math.sqrt(dx * dx + dy * dy) <= limit) met(p);
      }
    }
  }
};

/** Judge every tier with edits made; links change no straight line. */
GC.judgeStraight = function (city, edits) {
  var gone = new Set(edits.remove), changes = [], after = [], result = { tiers: {}, fresh: [], links: null };
  Object.keys(edits.move).forEach(function (s) { gone.add(Number(s)); });
  for (var s = 0; s < city.siteXY.length / 2; s++) {
    if (gone.has(s)) changes.push(GC.standing(city, s, -1)); else after.push(GC.standing(city, s, 1));
  }
  edits.add.forEach(function (site) { result.fresh.push({ xy: site.xy, kind: site.category, sign: 1 }); });
  Object.keys(edits.move).forEach(function (at) { result.fresh.push({ xy: edits.move[at], kind: GC.standing(city, Number(at), 1).kind, sign: 1 }); });
  changes = changes.concat(result.fresh);
  after = after.concat(result.fresh);
  city.head.tiers.forEach(function (tier) {
    var was = city.counts[tier.id], count = { inside: was.inside.slice(), sites: was.sites.slice(), share: was.share.slice() };
    GC.countStraight(city, tier, count, changes, after);
    result.tiers[tier.id] = GC.straightTier(city, count);
  });
  return result;
};

/** Add the changes to the counts of a tier, and measure anew the areas they touch; `after`: all sites then. */
GC.countStraight = function (city, tier, count, changes, after) {
  var limit = tier.distance_m, stamp = new Int32Array(city.nGrids).fill(-1), touched = new Set();
  var counts = function (site) { return GC.countsIn(tier, site.kind); };
  changes.filter(counts).forEach(function (change, number) {
    GC.placesNear(city, change.xy, limit, function (p) {
      count.inside[p] += change.sign;
      for (var i = city.gridsOf.first[p]; i < city.gridsOf.first[p + 1]; i++) {
        var grid = city.grid[city.gridsOf.order[i]];
        if (stamp[grid] !== number) { stamp[grid] = number; count.sites[grid] += change.sign; }
      }
    });
    city.borders.forEach(function (border) {
      if (!GC.isBoxNear(border.box, change.xy, limit) || GC.awayFrom(border, change.xy).near > limit) return;
      count.sites[border.grid] += change.sign;
      touched.add(border);
    });
  });
  var all = touched.size ? after.filter(counts) : [];
  touched.forEach(function (border) { count.share[border.grid] = GC.coveredShare(border, all, limit); });
};

/** Shares and classes; sums run in the order of the members, as in Python. */
GC.straightTier = function (city, count) {
  var n = city.nGrids, hit = new Float64Array(n), total = new Float64Array(n), share = new Float64Array(n), covered = 0, judged = 0;
  var inside = Uint8Array.from(count.inside, function (sites) { return sites > 0 ? 1 : 0; }), i;
  for (i = 0; i < city.grid.length; i++) {
    var isIn = inside[city.member[i]];
    total[city.grid[i]] += city.weight[i];
    hit[city.grid[i]] += city.weight[i] * isIn;
    judged += city.headWeight[i];
    covered += city.headWeight[i] * isIn;
  }
  for (i = 0; i < n; i++) share[i] = total[i] > 0 ? hit[i] / total[i] : NaN;
  city.borders.forEach(function (border) {
    share[border.grid] = count.share[border.grid];
    if (!city.isHead[border.grid]) return;
    judged += border.area;
    covered += border.area * share[border.grid];
  });
  return { share: share, sites: count.sites, classes: GC.classesBy(city.head, share, count.sites), inside: inside, total: judged > 0 ? covered / judged : null };
};

GC.isBoxNear = function (box, at, limit) {
  var dx = Math.max(box[0] - at[0], 0, at[0] - box[2]), dy = Math.max(box[1] - at[1], 0, at[1] - box[3]);
  return dx * dx + dy * dy <= limit * limit * (1 + 1e-9);
};

/** How far a place is from the nearest (0 within) and the farthest place of a border. */
GC.awayFrom = function (border, at) {
  var near = Infinity, far = 0, inside = false;
  border.rings.forEach(function (ring) {
    var xy = ring.xy;
    for (var k = 0; k + 2 < xy.length; k += 2) {
      var ax = xy[k] - at[0], ay = xy[k + 1] - at[1], bx = xy[k + 2] - at[0], by = xy[k + 3] - at[1];
      if ((ay > 0) !== (by > 0) && (ax * by - ay * bx > 0) === (by > ay)) inside = !inside;
      far = Math.max(far, ax * ax + ay * ay);
      var dx = bx - ax, dy = by - ay, square = dx * dx + dy * dy, t = square > 0 ? Math.min(Math.max(-(ax * dx + ay * dy) / square, 0), 1) : 0;
      near = Math.min(near, (ax + t * dx) * (ax + t * dx) + (ay + t * dy) * (ay + t * dy));
    }
  });
  return { near: inside ? 0 : Math.sqrt(near), far: Math.sqrt(far), inside: inside };
};

/** The share of a grid's area within `radius` of the sites: above 0 where a circle reaches in, 1 where circles hold it all. */
GC.coveredShare = function (border, sites, radius) {
  var circles = [], isWhole = false, seen = new Set();
  sites.forEach(function (site) {
    var key = site.xy[0] + " " + site.xy[1];
    if (isWhole || seen.has(key) || !GC.isBoxNear(border.box, site.xy, radius)) return;
    var away = GC.awayFrom(border, site.xy);
    if (away.far <= radius) isWhole = true;
    if (away.near < radius) { seen.add(key); circles.push(site.xy); }
  });
  if (isWhole) return 1;
  if (!circles.length) return 0;
  var left = 1 - GC.coveredArea(border, circles, radius) / border.area;
  return Math.max(1 - (left < GC.ROUNDING ? 0 : left), GC.ROUNDING);
};

/** The area of a border within circles of one radius, by its own border (Green): parts of the edges in a circle, and arcs in the border. */
GC.coveredArea = function (border, circles, radius) {
  var x0 = border.rings[0].xy[0], y0 = border.rings[0].xy[1], sum = 0, cuts = circles.map(function () { return [0, 2 * Math.PI]; });
  border.rings.forEach(function (ring) {
    var xy = ring.xy;
    for (var k = 0; k + 2 < xy.length; k += 2) {
      var ax = xy[k], ay = xy[k + 1], dx = xy[k + 2] - ax, dy = xy[k + 3] - ay, held = [];
      circles.forEach(function (centre, c) {
        var chord = GC.chord(ax - centre[0], ay - centre[1], dx, dy, radius);
        if (!chord) return;
        chord.forEach(function (t) { if (t >= 0 && t <= 1) cuts[c].push(GC.angle(ax + t * dx - centre[0], ay + t * dy - centre[1])); });
        if (chord[0] < 1 && chord[1] > 0) held.push([Math.max(chord[0], 0), Math.min(chord[1], 1)]);
      });
      sum += ring.sign * GC.unionLength(held) * ((ax - x0) * dy - (ay - y0) * dx) / 2;
    }
  });
  circles.forEach(function (centre, c) {
    circles.forEach(function (other, o) { if (o !== c) GC.crossings(centre, other, radius).forEach(function (angle) { cuts[c].push(angle); }); });
    cuts[c].sort(function (a, b) { return a - b; });
    for (var k = 0; k + 1 < cuts[c].length; k++) {
      var a = cuts[c][k], b = cuts[c][k + 1], middle = (a + b) / 2;
      var at = [centre[0] + radius * Math.cos(middle), centre[1] + radius * Math.sin(middle)];
      if (b - a < 1e-12 || !GC.awayFrom(border, at).inside || circles.some(function (other, o) { return o !== c && GC.within(other, at, radius); })) continue;
      sum += 0.5 * radius * (radius * (b - a) + (centre[0] - x0) * (Math.sin(b) - Math.sin(a)) - (centre[1] - y0) * (Math.cos(b) - Math.cos(a)));
    }
  });
  return sum;
};
GC.within = function (centre, at, radius) {
  var dx = at[0] - centre[0], dy = at[1] - centre[1];
  return dx * dx + dy * dy < radius * radius;
};
GC.angle = function (x, y) { var turn = Math.atan2(y, x); return turn < 0 ? turn + 2 * Math.PI : turn; };

/** From where to where (0 to 1 along the edge) a line from p in direction d runs within a circle about 0; null where it does not. */
GC.chord = function (px, py, dx, dy, radius) {
  var square = dx * dx + dy * dy, half = px * dx + py * dy, root = half * half - square * (px * px + py * py - radius * radius);
  if (square === 0 || root <= 0) return null;
  root = Math.sqrt(root);
  return [(-half - root) / square, (-half + root) / square];
};
/** Angles at which a circle is crossed by another of its size. */
GC.crossings = function (centre, other, radius) {
  var dx = other[0] - centre[0], dy = other[1] - centre[1], away = Math.sqrt(dx * dx + dy * dy);
  if (away >= 2 * radius) return [];
  var middle = Math.atan2(dy, dx), half = Math.acos(away / (2 * radius));
  return [middle - half, middle + half].map(function (turn) { return (turn + 4 * Math.PI) % (2 * Math.PI); });
};
GC.unionLength = function (parts) {
  var sum = 0, reached = 0;
  parts.sort(function (a, b) { return a[0] - b[0]; });
  parts.forEach(function (part) {
    if (part[1] > reached) sum += part[1] - Math.max(part[0], reached);
    reached = Math.max(reached, part[1]);
  });
  return sum;
};
