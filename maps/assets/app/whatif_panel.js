/* The panel 假如 / What if: tools, what was tried, what comes of it, saved and shared as a small JSON. */
"use strict";

GC.tried = { tool: null, from: null, picked: null, edits: { add: [], move: {}, remove: [], links: [] }, city: null, result: null };

GC.makeWhatIf = function (main) {
  var holder = document.getElementById("gridcircle-whatif");
  if (!holder) return;
  var box = GC.h("details", { class: "gc-box gc-whatif", id: "gc-whatif" });
  main.appendChild(box);
  L.DomEvent.disableClickPropagation(box);
  L.DomEvent.disableScrollPropagation(box);
  GC.tried.box = box;
  GC.tried.leftOut = holder.getAttribute("data-left-out");
  GC.tried.marks = L.featureGroup();
  GC.drawWhatIf();
  if (GC.tried.leftOut) { GC.on("language", GC.drawWhatIf); return; }
  box.addEventListener("toggle", function () {
    document.getElementById("gc-app").classList.toggle("gc-trying", box.open);
    GC.map.invalidateSize({ animate: false });
    if (box.open) GC.openWhatIf(); else GC.useTool(null);
  });
  GC.on("language", GC.drawWhatIf);
  GC.on("tier", GC.showWhatIf);
  GC.map.getContainer().addEventListener("keydown", function (event) {
    if (!GC.tried.tool || event.key !== "Enter" || event.target !== GC.map.getContainer()) return;
    event.stopImmediatePropagation();
    GC.tryAt(GC.map.getCenter());
  }, true);
  var given = /(?:^#|&)whatif=([^&]*)/.exec(location.hash);
  if (given) {
    box.open = true;
    GC.openWhatIf().then(function () { GC.loadTried(decodeURIComponent(given[1])); });
  }
};

/** Unpack the streets, once. */
GC.openWhatIf = function () {
  var tried = GC.tried;
  GC.map.addLayer(tried.marks);
  if (!tried.opening) {
    tried.opening = GC.gunzip(GC.bytesOf(document.getElementById("gridcircle-whatif").textContent)).then(function (bytes) {
      tried.city = GC.whatIfCity(bytes);
      tried.city.classes = {};
      GC.drawWhatIf();
    });
  }
  return tried.opening;
};

GC.metresOf = function (latLng) { return GC.plane(GC.tried.city.head.plane.to_m, latLng.lng, latLng.lat); };
GC.latLngOf = function (xy) { var at = GC.plane(GC.tried.city.head.plane.to_deg, xy[0], xy[1]); return L.latLng(at[1], at[0]); };
GC.siteLatLng = function (s) { var xy = GC.tried.city.siteXY; return GC.latLngOf([xy[2 * s], xy[2 * s + 1]]); };

GC.useTool = function (tool) {
  GC.tried.tool = GC.tried.tool === tool ? null : tool;
  GC.tried.from = GC.tried.picked = null;
  GC.map.getContainer().classList.toggle("gc-trying", !!GC.tried.tool);
  GC.drawWhatIf();
  if (GC.tried.tool) GC.announce(GC.t("whatif_help_" + GC.tried.tool));
};

/** The site nearest to a place on the map, within 24 pixels. */
GC.siteNear = function (latLng) {
  var at = GC.map.latLngToContainerPoint(latLng), best = 24, found = -1, tried = GC.tried;
  for (var s = 0; s < GC.data.sites.id.length; s++) {
    if (tried.edits.remove.indexOf(s) >= 0 || tried.edits.move[s]) continue;
    var far = GC.map.latLngToContainerPoint(GC.siteLatLng(s)).distanceTo(at);
    if (far < best) { best = far; found = s; }
  }
  return found;
};

/** Use the chosen tool at a place; true where it took the click. */
GC.tryAt = function (latLng) {
  var tried = GC.tried, edits = tried.edits, site;
  if (!tried.tool || !tried.city) return false;
  if (tried.tool === "add") edits.add.push({ xy: GC.metresOf(latLng), category: tried.category === undefined ? GC.firstCategory() : tried.category });
  else if (tried.tool === "link") {
    if (!tried.from) { tried.from = GC.metresOf(latLng); GC.announce(GC.t("whatif_second")); GC.showMarks(); return true; }
    edits.links.push({ from: tried.from, to: GC.metresOf(latLng) });
    tried.from = null;
  } else if (tried.tool === "move" && tried.picked !== null) {
    edits.move[tried.picked] = GC.metresOf(latLng);
    tried.picked = null;
  } else {
    site = GC.siteNear(latLng);
    if (site < 0) { GC.announce(GC.t("whatif_no_site")); return true; }
    if (tried.tool === "move") { tried.picked = site; GC.announce(GC.t("whatif_second")); GC.showMarks(); return true; }
    edits.remove.push(site);
  }
  GC.runWhatIf();
  return true;
};
GC.firstCategory = function () { var rows = GC.model.categories.rows; return rows.length && rows[0].name ? rows[0].name : null; };

/** Judge what is tried, and show it. */
GC.runWhatIf = function () {
  var tried = GC.tried, begin = performance.now();
  try {
    tried.result = GC.whatIfJudge(tried.city, tried.edits);
    tried.fault = null;
  } catch (error) {
    tried.edits.links.pop();
    tried.fault = error.message === "link" ? GC.t("whatif_no_street") : error.message;
    tried.result = GC.whatIfJudge(tried.city, tried.edits);
  }
  tried.spent = performance.now() - begin;
  GC.drawWhatIf();
  GC.showWhatIf();
  GC.keepTried();
};

/** Colour the grids by what would be, draw the reached streets and the marks. */
GC.showWhatIf = function () {
  var tried = GC.tried;
  if (!tried.city) return;
  var shown = GC.model.classes;
  GC.recolour();
  var judged = tried.result && tried.result.tiers[GC.state.tier];
  if (judged && GC.state.mode === "class" && GC.isTried()) GC.model.classes = judged.classes.slice();
  if (GC.model.classes.some(function (key, i) { return key !== shown[i]; })) GC.tiles.repaint(); // the streets take long
  GC.showMarks();
  GC.drawWhatIf();
};
GC.isTried = function () {
  var edits = GC.tried.edits;
  return edits.add.length + edits.remove.length + edits.links.length + Object.keys(edits.move).length > 0;
};

GC.showMarks = function () {
  var tried = GC.tried, marks = tried.marks.clearLayers(), edits = tried.edits;
  var drag = function (xy, label, set) {
    var icon = L.divIcon({ className: "gc-try-mark", html: "", iconSize: [20, 20] });
    var mark = L.marker(GC.latLngOf(xy), { draggable: true, icon: icon, keyboard: true, title: label, alt: label });
    mark.on("drag", function () {
      if (tried.waiting) return;
      tried.waiting = requestAnimationFrame(function () {
        tried.waiting = 0;
        set(GC.metresOf(mark.getLatLng()));
        tried.result = GC.whatIfJudge(tried.city, edits);
        GC.drawWhatIf();
      });
    });
    mark.on("dragend", function () { set(GC.metresOf(mark.getLatLng())); GC.runWhatIf(); });
    marks.addLayer(mark);
  };
  edits.add.forEach(function (site, i) { drag(site.xy, GC.t("whatif_new", { n: i + 1 }), function (xy) { site.xy = xy; }); });
  Object.keys(edits.move).forEach(function (s) {
    drag(edits.move[s], GC.siteName(Number(s)), function (xy) { edits.move[s] = xy; });
    marks.addLayer(L.polyline([GC.siteLatLng(Number(s)), GC.latLngOf(edits.move[s])], { color: "#1d2733", weight: 1, dashArray: "3 4", interactive: false }));
  });
  edits.remove.forEach(function (s) {
    marks.addLayer(L.circleMarker(GC.siteLatLng(s), { radius: 9, color: "#a3123f", weight: 3, fill: false, interactive: false }));
  });
  edits.links.forEach(function (link) {
    marks.addLayer(L.polyline([GC.latLngOf(link.from), GC.latLngOf(link.to)], { color: "#6b2f9c", weight: 5, interactive: false }));
  });
  if (tried.from) marks.addLayer(L.circleMarker(GC.latLngOf(tried.from), { radius: 6, color: "#6b2f9c", interactive: false }));
  if (tried.picked !== null) marks.addLayer(L.circleMarker(GC.siteLatLng(tried.picked), { radius: 11, color: "#0a468f", interactive: false }));
  GC.showReached();
};

/** The new circles of the sites added or moved: rings, or the streets within the chosen tier. */
GC.showReached = function () {
  var tried = GC.tried, city = tried.city, tier = city.head.tiers.filter(function (one) { return one.id === GC.state.tier; })[0];
  if (!tried.result || !tier) return;
  if (city.head.model === "radius") GC.showRings(tier.distance_m); else GC.showStreets(tier);
};
GC.showRings = function (radius) {
  GC.tried.result.fresh.forEach(function (site) {
    var ring = [];
    for (var i = 0; i < 72; i++) ring.push(GC.latLngOf([site.xy[0] + radius * Math.cos(i * Math.PI / 36), site.xy[1] + radius * Math.sin(i * Math.PI / 36)]));
    GC.tried.marks.addLayer(L.polygon(ring, { color: "#0a468f", weight: 2, opacity: 0.8, fill: false, interactive: false }));
  });
};
GC.showStreets = function (tier) {
  var tried = GC.tried, city = tried.city;
  var lines = [], done = {}, byChain = city.edgesOf || (city.edgesOf = GC.grouped(city.edgeChain, city.start.length)), c = city.start.length;
  tried.result.fresh.forEach(function (site) {
    if (!site.at) return;
    var ball = GC.ball(city, site.at, tier.limit_ms, tried.result.links, function () {}), within = new Map();
    ball.nodes.forEach(function (node, i) { within.set(node, ball.times[i]); });
    ball.nodes.forEach(function (node) {
      for (var a = city.arcs.first[node]; a < city.arcs.first[node + 1]; a++) {
        var chain = city.arcs.order[a] % c;
        if (done[chain] || !within.has(city.start[chain]) || !within.has(city.end[chain])) continue;
        done[chain] = true;
        for (var i = byChain.first[chain]; i < byChain.first[chain + 1]; i++) {
          var edge = byChain.order[i], line = [];
          for (var p = city.edgeFirst[edge]; p <= city.edgeFirst[edge] + city.edgeSize[edge]; p++) line.push(GC.latLngOf([city.xy[2 * p], city.xy[2 * p + 1]]));
          lines.push(line);
        }
      }
    });
  });
  if (!lines.length) return;
  tried.canvas = tried.canvas || L.canvas({ padding: 0.3 });
  tried.marks.addLayer(L.polyline(lines, { color: "#0a468f", weight: 3, opacity: 0.65, interactive: false, renderer: tried.canvas }));
};

GC.drawWhatIf = function () {
  var tried = GC.tried, box = tried.box;
  if (!box) return;
  var focus = document.activeElement && box.contains(document.activeElement) ? document.activeElement.getAttribute("data-tool") : null;
  GC.clear(box);
  box.appendChild(GC.h("summary", { text: GC.t("whatif") }));
  if (tried.leftOut) { box.appendChild(GC.h("p", { class: "gc-note", text: GC.t("whatif_out_" + tried.leftOut) })); return; }
  if (!tried.city) { box.appendChild(GC.h("p", { class: "gc-note", text: GC.t("whatif_wait") })); return; }
  box.appendChild(GC.h("div", { class: "gc-try-tools", role: "group", "aria-label": GC.t("whatif") }, GC.toolsOf(tried.city).map(function (tool) {
    return GC.h("button", { type: "button", "data-tool": tool, "aria-pressed": tried.tool === tool ? "true" : "false", text: GC.t("whatif_" + tool), onclick: function () { GC.useTool(tool); } });
  })));
  box.appendChild(GC.h("p", { class: "gc-note", text: tried.fault || (tried.tool ? GC.t("whatif_help_" + tried.tool) : GC.t("whatif_help")) }));
  if (tried.tool === "add" && tried.city.head.tiers.some(function (tier) { return tier.categories; })) box.appendChild(GC.categoryChoice());
  if (tried.result && GC.isTried()) GC.append(box, [GC.triedList(), GC.triedFigures()]);
  box.appendChild(GC.h("div", { class: "gc-try-tools" },
    GC.h("button", { type: "button", "data-tool": "save", text: GC.t("whatif_save"), onclick: GC.saveTried }),
    GC.h("button", { type: "button", "data-tool": "load", text: GC.t("whatif_load"), onclick: function () { input.click(); } }),
    GC.h("button", { type: "button", "data-tool": "clear", text: GC.t("whatif_clear"), onclick: GC.clearTried })));
  var input = GC.h("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": GC.t("whatif_load"), onchange: function () {
    if (input.files[0] && input.files[0].size < 1e6) input.files[0].text().then(GC.loadTried);
  } });
  box.appendChild(input);
  if (focus) { var again = box.querySelector('[data-tool="' + focus + '"]'); if (again) again.focus(); }
};

/** By radius a link changes nothing. */
GC.toolsOf = function (city) { return ["add", "move", "remove"].concat(city.head.model === "radius" ? [] : ["link"]); };

GC.categoryChoice = function () {
  var rows = GC.model.categories.rows.filter(function (row) { return row.name; });
  return GC.h("select", { "aria-label": GC.t("whatif_category"), onchange: function (event) { GC.tried.category = event.target.value; } }, rows.map(function (row) {
    return GC.h("option", { value: row.name, text: row.name, selected: row.name === GC.tried.category });
  }));
};

/** What is tried, each with a button that takes it back. */
GC.triedList = function () {
  var edits = GC.tried.edits, rows = [];
  var row = function (text, undo) {
    rows.push(GC.h("li", {}, GC.h("span", { text: text }), GC.h("button", { type: "button", "aria-label": GC.t("whatif_undo") + " " + text, text: "×", onclick: function () { undo(); GC.runWhatIf(); } })));
  };
  edits.add.forEach(function (site, i) { row(GC.t("whatif_new", { n: i + 1 }), function () { edits.add.splice(i, 1); }); });
  Object.keys(edits.move).forEach(function (s) { row(GC.t("whatif_moved", { name: GC.siteName(Number(s)) }), function () { delete edits.move[s]; }); });
  edits.remove.forEach(function (s, i) { row(GC.t("whatif_removed", { name: GC.siteName(s) }), function () { edits.remove.splice(i, 1); }); });
  edits.links.forEach(function (_, i) { row(GC.t("whatif_linked", { n: i + 1 }), function () { edits.links.splice(i, 1); }); });
  return GC.h("ul", { class: "gc-try-list" }, rows);
};

GC.triedFigures = function () {
  var tried = GC.tried, basis = tried.city.head.basis;
  var people = function (value) {
    var k = GC.data.project.least_count, isPeople = basis === "residents" || basis === "households";
    if (isPeople && value > 0 && value < k) return GC.t("fewer_than", { k: GC.number(k) });
    return basis === "area" ? GC.t("unit_km2", { n: GC.number(value / 1e6, 2) }) : GC.number(value, 0);
  };
  return GC.h("table", { class: "gc-try-figures" },
    GC.h("tr", {}, ["whatif_tier", "whatif_before", "whatif_after", "whatif_gained", "whatif_lost", "whatif_grids"].map(function (key) {
      return GC.h("th", { scope: "col", text: key === "whatif_gained" || key === "whatif_lost" ? GC.t(key, { what: GC.t("whatif_basis_" + basis) }) : GC.t(key) });
    })),
    tried.city.head.tiers.map(function (tier) {
      var before = tried.city.before[tier.id], after = tried.result.tiers[tier.id], gains = GC.whatIfGains(tried.city, before, after);
      var changed = after.classes.filter(function (key, i) { return key !== before.classes[i]; }).length;
      var known = GC.tierOf(tier.id);
      return GC.h("tr", { "data-tier": tier.id }, [known ? GC.tierLabel(known) : tier.id, GC.percent(before.total), GC.percent(after.total),
        people(gains.gained), people(gains.lost), GC.number(changed)].map(function (text, i) {
        return GC.h(i ? "td" : "th", { text: text });
      }));
    }));
};

/* Saved and shared: {"gridcircle": "whatif", add: [{lon, lat, category}], move: [{site_id, lon, lat}], remove: [site_id], links: [{from, to}]}, as POST /coverage takes it. */
GC.triedJson = function () {
  var edits = GC.tried.edits, ids = GC.data.sites.id;
  var place = function (xy) { var at = GC.latLngOf(xy); return { lon: Number(at.lng.toFixed(9)), lat: Number(at.lat.toFixed(9)) }; };
  return {
    add: edits.add.map(function (site) { var one = place(site.xy); if (site.category) one.category = site.category; return one; }),
    move: Object.keys(edits.move).map(function (s) { return L.extend({ site_id: ids[s] }, place(edits.move[s])); }),
    remove: edits.remove.map(function (s) { return ids[s]; }),
    links: edits.links.map(function (link) { return { from: place(link.from), to: place(link.to) }; })
  };
};
GC.saveTried = function () {
  var url = URL.createObjectURL(new Blob([JSON.stringify(GC.triedJson(), null, 1)], { type: "application/json" }));
  GC.h("a", { href: url, download: "whatif.json" }).click();
  setTimeout(function () { URL.revokeObjectURL(url); }, 1000);
};
/** A link to this page carries what is tried as long as it is short. */
GC.keepTried = function () {
  var text = encodeURIComponent(JSON.stringify(GC.triedJson())), isShort = GC.isTried() && text.length < 1500;
  try { history.replaceState(null, "", isShort ? "#whatif=" + text : "#"); } catch (error) { /* a viewer that forbids it */ }
};
GC.loadTried = function (text) {
  var tried = GC.tried, given, edits = { add: [], move: {}, remove: [], links: [] };
  var place = function (at) {
    if (!at || !isFinite(at.lon) || !isFinite(at.lat) || Math.abs(at.lat) > 90) throw new Error("place");
    return GC.metresOf(L.latLng(Number(at.lat), Number(at.lon)));
  };
  var site = function (id) {
    if (!GC.model.siteAt.has(id)) throw new Error("site");
    return GC.model.siteAt.get(id);
  };
  try {
    given = JSON.parse(text);
    (given.add || []).slice(0, 200).forEach(function (one) { edits.add.push({ xy: place(one), category: one.category === undefined ? null : String(one.category) }); });
    (given.move || []).slice(0, 200).forEach(function (one) { edits.move[site(one.site_id)] = place(one); });
    (given.remove || []).slice(0, 200).forEach(function (id) { var s = site(id); if (!edits.move[s] && edits.remove.indexOf(s) < 0) edits.remove.push(s); });
    (given.links || []).slice(0, 20).forEach(function (one) { edits.links.push({ from: place(one.from), to: place(one.to) }); });
  } catch (error) {
    tried.fault = GC.t("whatif_bad_file");
    GC.drawWhatIf();
    return;
  }
  tried.edits = edits;
  GC.runWhatIf();
};
GC.clearTried = function () {
  GC.tried.edits = { add: [], move: {}, remove: [], links: [] };
  GC.tried.from = GC.tried.picked = GC.tried.fault = null;
  GC.runWhatIf();
};
