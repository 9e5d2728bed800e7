/* What lies under the pointer, and what is marked as chosen. */
"use strict";

GC.contains = function (shapes, i, x, y) {
  var box = shapes.box;
  if (x < box[4 * i] || x > box[4 * i + 2] || y < box[4 * i + 1] || y > box[4 * i + 3]) return false;
  var cuts = GC.cuts(shapes, i, y), left = 0;
  while (left < cuts.length && cuts[left] < x) left++;
  return left % 2 === 1;
};

/** The thing at a place: a site, a small overlap or gap, else a grid; null for none. */
GC.thingAt = function (latlng) {
  var x = GC.worldX(latlng.lng), y = GC.worldY(latlng.lat), scale = Math.pow(2, GC.map.getZoom());
  return GC.siteAt(x, y, scale) || GC.findingAt(x, y, scale) || GC.gridAt(x, y);
};

GC.siteAt = function (x, y, scale) {
  if (!GC.state.layers.sites) return null;
  var shapes = GC.data.shapes.sites, reach = (GC.siteRadius({ scale: scale }) + 3) / scale, best = null, least = reach * reach, drawn = GC.drawnSites(scale);
  for (var i = 0; i < shapes.n; i++) {
    if (!drawn[i]) continue;
    var p = shapes.start[shapes.first[i]], dx = shapes.x[p] - x, dy = shapes.y[p] - y, d = dx * dx + dy * dy;
    if (d <= least) { least = d; best = { kind: "site", at: i }; }
  }
  return best;
};

GC.findingAt = function (x, y, scale) {
  if (!GC.state.layers.findings) return null;
  var shapes = GC.data.shapes.findings, box = shapes.box, pad = 6 / scale, drawn = GC.drawnFindings(scale);
  for (var own = shapes.n - 1; own >= 0; own--) {
    if (!drawn[own]) continue;
    if (x < box[4 * own] - pad || x > box[4 * own + 2] + pad || y < box[4 * own + 1] - pad || y > box[4 * own + 3] + pad) continue;
    if (drawn[own] === GC.PIN || GC.contains(shapes, own, x, y)) return { kind: "finding", at: GC.model.findingOfOwn[own] };
  }
  return null;
};

GC.gridAt = function (x, y) {
  var order = GC.model.order2, shapes = GC.data.shapes.grids;
  for (var k = order.length - 1; k >= 0; k--) {
    if (GC.contains(shapes, order[k], x, y)) return { kind: "grid", at: order[k] };
  }
  return null;
};

/* The mark of the chosen thing: a few Leaflet paths above the tiles. */
GC.mark = function (thing) {
  GC.marks.clearLayers();
  if (!thing) return;
  var shapes = GC.data.shapes;
  if (thing.kind === "grid") GC.outline(shapes.grids, thing.at);
  else if (thing.kind === "unit") GC.outline(shapes.units, thing.at);
  else if (thing.kind === "finer") GC.outline(shapes.finers, thing.at);
  else if (thing.kind === "site") GC.rings(thing.at);
  else GC.markFinding(thing.at);
};

GC.markFinding = function (f) {
  var findings = GC.data.findings, shapes = GC.data.shapes, own = GC.model.ownAt[f];
  if (own >= 0) {
    findings.grids[f].forEach(function (g) { GC.outline(shapes.grids, g, true); });
    findings.finers[f].forEach(function (g) { GC.outline(shapes.finers, g, true); });
    GC.outline(shapes.findings, own);
  } else if (findings.grids[f].length) findings.grids[f].forEach(function (g) { GC.outline(shapes.grids, g); });
  else if (findings.finers[f].length) findings.finers[f].forEach(function (g) { GC.outline(shapes.finers, g); });
  else if (findings.sites[f].length) findings.sites[f].forEach(GC.ring);
  else findings.units[f].forEach(function (u) { GC.outline(shapes.units, u); });
};

GC.outline = function (shapes, i, isLight) {
  var rings = GC.ringsOf(shapes, i).filter(function (ring) { return ring.length; });
  if (!rings.length) return;
  if (rings[0].length === 1) { GC.spot(rings[0][0]); return; }
  var shared = { fill: false, interactive: false, lineJoin: "round" };
  if (isLight) {
    L.polygon(rings, L.extend({ color: "#10161d", weight: 1.8, dashArray: "4 3" }, shared)).addTo(GC.marks);
    return;
  }
  L.polygon(rings, L.extend({ color: "#fff", weight: 7 }, shared)).addTo(GC.marks);
  L.polygon(rings, L.extend({ color: "#10161d", weight: 3.2 }, shared)).addTo(GC.marks);
};

GC.spot = function (latlng) {
  L.circleMarker(latlng, { radius: 13, color: "#fff", weight: 6, fill: false, interactive: false }).addTo(GC.marks);
  L.circleMarker(latlng, { radius: 13, color: "#10161d", weight: 2.6, fill: false, interactive: false }).addTo(GC.marks);
};
GC.sitePlace = function (i) {
  var shapes = GC.data.shapes.sites, p = shapes.start[shapes.first[i]];
  return shapes.first[i] === shapes.first[i + 1] ? null : GC.latLng(shapes.x[p], shapes.y[p]);
};
GC.ring = function (i) { var at = GC.sitePlace(i); if (at) GC.spot(at); };

/** The circles of one site, each with its minutes. */
GC.rings = function (i) {
  var centre = GC.sitePlace(i);
  if (!centre) return;
  GC.spot(centre);
  var category = GC.data.sites.category ? GC.data.sites.category[i] : null;
  GC.data.tiers.forEach(function (tier) {
    if (tier.categories && tier.categories.indexOf(category) < 0) return;
    var line = { color: "#10161d", weight: 2, fill: false, interactive: false, dashArray: GC.tierDash(tier.id).join(" ") || null };
    L.circle(centre, L.extend({ radius: tier.distance_m }, line, { color: "#fff", weight: 4.5, dashArray: null, opacity: 0.8 })).addTo(GC.marks);
    L.circle(centre, L.extend({ radius: tier.distance_m }, line)).addTo(GC.marks);
    var foot = L.latLng(centre.lat - tier.distance_m / 111195, centre.lng);
    var text = GC.t("tier_short", { minutes: GC.number(tier.minutes) });
    L.tooltip({ permanent: true, direction: "center", className: "gc-ring", interactive: false })
      .setLatLng(foot).setContent(GC.h("span", { text: text })).addTo(GC.marks);
  });
};
