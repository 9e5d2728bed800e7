/* Start: read the data, build the page, answer to choices. */
"use strict";

GC.start = function (mapName) {
  var app = document.getElementById("gc-app");
  GC.map = window[mapName];
  GC.gunzip(GC.bytesOf(document.getElementById("gridcircle-data").textContent)).then(function (bytes) {
    GC.data = GC.unpack(bytes);
    GC.build(app);
    GC.tiles.whenPainted(function () { document.documentElement.setAttribute("data-ready", "true"); });
  }).catch(function (error) {
    app.hidden = false;
    app.textContent = "地图数据无法读取 / the data of this map cannot be read: " + error.message;
    throw error;
  });
};

GC.build = function (app) {
  var data = GC.data, state = GC.state;
  state.language = data.project.language === "en" ? "en" : "zh";
  var tiers = data.tiers, judged = GC.tierOf(data.orphan_tier) || tiers[tiers.length - 1];
  state.tier = judged ? judged.id : null;
  state.mode = tiers.length ? "class" : "findings";
  tiers.forEach(function (tier) { state.layers.circles[tier.id] = tier.id === state.tier; });
  GC.prepare();
  GC.measureMap();
  GC.panel = GC.h("aside", { class: "gc-panel" });
  GC.live = GC.h("div", { class: "gc-live", "aria-live": "polite", role: "status" });
  GC.skips = [["skip_to_list", function () { return document.getElementById("gc-list"); }], ["skip_to_map", function () { return GC.map.getContainer(); }]]
    .map(function (skip) {
      return GC.h("a", { class: "gc-skip", href: "#", "data-skip": skip[0], onclick: function (event) { event.preventDefault(); skip[1]().focus(); } });
    });
  GC.main = GC.h("main", { class: "gc-main" });
  GC.append(app, [GC.skips, GC.panel, GC.main, GC.live]);
  app.hidden = false;
  GC.main.appendChild(GC.map.getContainer());
  GC.readHash(true);
  GC.recolour();
  GC.setUpMap();
  GC.makeBase();
  GC.makeControls(GC.main);
  GC.makeWhatIf(GC.main);
  GC.drawWords();
  GC.listen();
  GC.readHash(false);
};

/** Typical sizes in world pixels, and which findings have a shape of their own. */
GC.measureMap = function () {
  var shapes = GC.data.shapes, model = GC.model, areas = new Float64Array(shapes.grids.n), i;
  for (i = 0; i < shapes.grids.n; i++) areas[i] = GC.area(shapes.grids, i);
  areas.sort();
  model.cell = Math.sqrt(areas[Math.floor(areas.length / 2)] || 1e-6);
  model.extent = GC.extentOf(shapes.grids);
  model.siteRoom = Math.sqrt((model.extent[2] - model.extent[0]) * (model.extent[3] - model.extent[1]) / Math.max(1, shapes.sites.n));
  model.siteGap = GC.gapBetween(shapes.sites, model.extent);
  model.findingOfOwn = [];
  model.ownAt.forEach(function (own, f) { if (own >= 0) model.findingOfOwn[own] = f; });
  // An orphan only because it is blank is already marked as blank: the dashed edge is for the others.
  model.isLoneOrphan = GC.data.grids.orphan_reasons.map(function (reasons) {
    return reasons.some(function (reason) { return reason !== "C501"; });
  });
};

/** The box around all shapes of a layer. */
GC.extentOf = function (shapes) {
  var box = shapes.box, all = [Infinity, Infinity, -Infinity, -Infinity];
  for (var i = 0; i < box.length; i += 4) {
    if (box[i] < all[0]) all[0] = box[i];
    if (box[i + 1] < all[1]) all[1] = box[i + 1];
    if (box[i + 2] > all[2]) all[2] = box[i + 2];
    if (box[i + 3] > all[3]) all[3] = box[i + 3];
  }
  return all;
};

/** Median distance from a site to the nearest other place with one, of at most 400 sites; a fifth of the extent for one. */
GC.gapBetween = function (shapes, extent) {
  var gaps = [], order = [], box = shapes.box, i;
  for (i = 0; i < shapes.n; i++) if (isFinite(box[4 * i])) order.push(i);
  order.sort(function (a, b) { return box[4 * a] - box[4 * b]; });
  var step = Math.max(1, Math.floor(order.length / 400));
  for (i = 0; i < order.length; i += step) {
    var least = Infinity;
    [-1, 1].forEach(function (way) { // neighbours west, then east, until they are too far
      for (var k = i + way; k >= 0 && k < order.length; k += way) {
        var dx = Math.abs(box[4 * order[k]] - box[4 * order[i]]), far = dx + Math.abs(box[4 * order[k] + 1] - box[4 * order[i] + 1]);
        if (dx >= least) break;
        if (far > 0 && far < least) least = far;
      }
    });
    if (isFinite(least)) gaps.push(least);
  }
  gaps.sort(function (a, b) { return a - b; });
  return gaps.length ? gaps[Math.floor(gaps.length / 2)] : (extent[2] - extent[0]) / 5;
};

GC.recolour = function () {
  GC.model.classes = GC.classesOf();
  GC.model.colours = {};
  GC.legendClasses().forEach(function (row) { GC.model.colours[row.key] = row.colour; });
};

GC.setUpMap = function () {
  var map = GC.map;
  map.invalidateSize({ animate: false });
  GC.wholeArea(false);
  map.setMinZoom(Math.max(0, map.getZoom() - 3));
  GC.tiles = new GC.CanvasLayer({ maxZoom: 22, minZoom: 0 });
  map.addLayer(GC.tiles);
  GC.marks = L.featureGroup().addTo(map);
  GC.labels = new GC.LabelLayer();
  map.addLayer(GC.labels);
  GC.scale = L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 130 }).addTo(map);
  GC.tip = GC.h("div", { class: "gc-tip", hidden: true });
  GC.main.appendChild(GC.tip);
  map.on("mousemove", GC.hover);
  map.on("mouseout", function () { GC.tip.hidden = true; });
  map.on("click", function (event) {
    if (GC.tryAt(event.latlng)) return;
    var thing = GC.thingAt(event.latlng);
    if (thing) GC.choose(thing, event.latlng); else GC.choose(null);
  });
  map.on("zoomend", GC.noteThinned);
  map.getContainer().addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.target !== map.getContainer()) return;
    var grid = GC.gridAt(GC.worldX(map.getCenter().lng), GC.worldY(map.getCenter().lat));
    if (grid) GC.choose(grid, map.getCenter());
  });
  map.on("popupopen", function () { GC.main.classList.add("gc-told"); });
  map.on("popupclose", function () { GC.popup = null; GC.main.classList.remove("gc-told"); });
};

/** Say in the legend what is left out at this scale. */
GC.noteThinned = function () {
  var note = document.getElementById("gc-thinned"), scale = Math.pow(2, GC.map.getZoom()), what = [];
  if (!note) return;
  GC.drawnSites(scale);
  GC.drawnFindings(scale);
  if (GC.state.layers.streets && GC.sizeOf("streets") + GC.sizeOf("streets_rest") && GC.areStreetsLeftOut(scale)) what.push("layer_streets");
  if (GC.state.layers.sites && GC.model.sitesLeftOut) what.push("layer_sites");
  if (GC.state.layers.findings && GC.model.pinsLeftOut) what.push("layer_findings");
  note.hidden = !what.length;
  note.textContent = GC.t("drawn_thinned", { what: what.map(function (key) { return GC.t(key).toLowerCase(); }).join(GC.t("list_comma")) });
};

GC.wholeArea = function (animate) {
  GC.map.fitBounds(GC.bounds(GC.model.extent), L.extend({ animate: animate }, GC.room(24)));
};

/** Room to leave free at the edges of the map (pixels): the boxes on the right cover a strip of it. */
GC.room = function (edge) {
  var isWide = GC.main.clientWidth > 760;
  return { paddingTopLeft: [isWide ? edge + 36 : edge, edge], paddingBottomRight: [isWide ? 288 + edge : edge, edge] };
};

GC.hover = function (event) {
  var now = event.containerPoint, thing = GC.thingAt(event.latlng), key = thing ? thing.kind + thing.at : "";
  if (!thing || event.originalEvent.buttons) { GC.tip.hidden = true; GC.tipKey = ""; return; }
  if (key !== GC.tipKey) { GC.append(GC.clear(GC.tip), GC.tipOf(thing)); GC.tipKey = key; }
  GC.tip.hidden = false;
  var size = GC.map.getSize(), flip = now.x > size.x - 280, up = now.y > size.y - 200;
  GC.tip.style.left = (flip ? now.x - GC.tip.offsetWidth - 14 : now.x + 16) + "px";
  GC.tip.style.top = (up ? now.y - GC.tip.offsetHeight - 10 : now.y + 16) + "px";
};

/** Choose a thing: mark it, zoom to it unless it was clicked on the map, say what it is. */
GC.choose = function (thing, clicked) {
  var isInside = GC.popup && GC.popup.getElement().contains(document.activeElement); // the popup that goes has the focus
  GC.state.selected = thing;
  GC.tip.hidden = true;
  GC.tipKey = "";
  GC.map.closePopup();
  if (isInside) GC.map.getContainer().focus({ preventScroll: true });
  GC.mark(thing);
  GC.writeHash();
  if (GC.parts) GC.showChosenRow(GC.parts.list);
  if (!thing) return;
  var box = GC.boxOfThing(thing);
  if (!box) { GC.say(thing, GC.map.getCenter()); return; }
  if (!clicked) GC.zoomTo(box, thing);
  GC.say(thing, clicked || GC.topOf(box));
};

GC.boxOfThing = function (thing) {
  if (thing.kind === "finding") return GC.findingBox(thing.at);
  var box = GC.boxOf(GC.data.shapes[thing.kind + "s"], thing.at);
  return isFinite(box[0]) ? box : null;
};
GC.topOf = function (box) { return GC.latLng((box[0] + box[2]) / 2, box[1]); };

/** Zoom so that the thing fills about a third of the map; never closer than needed to see its surroundings. */
GC.zoomTo = function (box, thing) {
  var bounds = GC.bounds(box), most = thing.kind === "site" ? 15 : 17;
  if (thing.kind === "site" && GC.data.tiers.length) {
    var far = Math.max.apply(null, GC.data.tiers.map(function (tier) { return tier.distance_m; }));
    bounds = GC.bounds(box).getCenter().toBounds(far * 2.3);
  }
  GC.map.fitBounds(bounds.pad(thing.kind === "site" ? 0 : 0.7), L.extend({ maxZoom: most, animate: false }, GC.room(10)));
};

GC.say = function (thing, at) {
  GC.popup = L.popup({
    maxWidth: Math.min(340, GC.main.clientWidth - 70), minWidth: 250, className: "gc-popup", autoPanPaddingTopLeft: GC.room(16).paddingTopLeft,
    autoPanPaddingBottomRight: GC.room(10).paddingBottomRight, offset: [0, thing.kind === "site" ? -10 : -2]
  }).setLatLng(at).setContent(GC.popupOf(thing)).openOn(GC.map);
  GC.announce(GC.popup.getElement().querySelector(".leaflet-popup-content").innerText);
  [".leaflet-popup-content", ".gc-message"].forEach(function (query) { // what scrolls must be reached by keyboard
    var part = GC.popup.getElement().querySelector(query);
    if (part && part.scrollHeight > part.clientHeight + 1) part.tabIndex = 0;
  });
  var close = GC.popup.getElement().querySelector(".leaflet-popup-close-button");
  if (close) {
    close.setAttribute("aria-label", GC.t("close")); close.title = GC.t("close");
    close.addEventListener("click", function () { GC.map.getContainer().focus({ preventScroll: true }); });
  }
};

GC.chooseTier = function (id) {
  var circles = GC.state.layers.circles, before = GC.state.tier;
  if (id !== before) { circles[id] = true; circles[before] = false; }
  GC.state.tier = id;
  GC.tell("tier");
};

/* Links: #finding=…, #grid=…, #finer=…, #site=…, #unit=…, #tier=…, #lang=…, joined by &. */
GC.readHash = function (isFirst) {
  var given = {};
  location.hash.replace(/^#/, "").split("&").forEach(function (part) {
    var at = part.indexOf("=");
    if (at < 0) return;
    try { given[part.slice(0, at)] = decodeURIComponent(part.slice(at + 1)); } catch (error) { /* not a link of ours */ }
  });
  if (isFirst) {
    if (given.lang === "zh" || given.lang === "en") GC.state.language = given.lang;
    if (GC.tierOf(given.tier)) {
      GC.state.layers.circles[GC.state.tier] = false;
      GC.state.tier = given.tier;
      GC.state.layers.circles[given.tier] = true;
    }
    return;
  }
  if (given.print) GC.showSheets(given.print);
  ["finding", "grid", "finer", "site", "unit"].forEach(function (kind) {
    var at = given[kind] === undefined ? undefined : GC.model[kind + "At"].get(given[kind]);
    if (at !== undefined) GC.choose({ kind: kind, at: at });
  });
};
GC.writeHash = function () {
  var thing = GC.state.selected, ids = thing ? GC.data[thing.kind + "s"][thing.kind === "finding" ? "finding_id" : "id"] : null;
  var hash = thing ? "#" + thing.kind + "=" + encodeURIComponent(ids[thing.at]) : "#";
  try { history.replaceState(null, "", hash); } catch (error) { /* a viewer that forbids it */ }
};

GC.drawWords = function () {
  document.documentElement.lang = GC.state.language === "zh" ? "zh-Hans" : "en";
  GC.panel.setAttribute("aria-label", GC.t("panel"));
  GC.map.getContainer().setAttribute("aria-label", GC.t("map_help"));
  GC.map.getContainer().setAttribute("role", "application");
  GC.skips.forEach(function (skip) { skip.textContent = GC.t(skip.getAttribute("data-skip")); });
  if (GC.zoom) GC.map.removeControl(GC.zoom);
  GC.zoom = L.control.zoom({ position: "topleft", zoomInTitle: GC.t("zoom_in"), zoomOutTitle: GC.t("zoom_out") });
  GC.map.addControl(GC.zoom);
  var whole = GC.h("a", { href: "#", role: "button", class: "gc-whole", title: GC.t("zoom_all"), "aria-label": GC.t("zoom_all"), text: "⤢", onclick: function (event) {
    event.preventDefault();
    event.stopPropagation();
    GC.wholeArea(true);
  } });
  GC.zoom.getContainer().appendChild(whole);
  GC.drawPanel(GC.panel);
  GC.drawControls();
};

GC.listen = function () {
  GC.on("language", function () {
    GC.drawWords();
    GC.labels.redraw();
    if (GC.popup && GC.state.selected) GC.popup.setContent(GC.popupOf(GC.state.selected));
    GC.tipKey = "";
  });
  GC.on("tier", function () {
    GC.state.shown = GC.PAGE;
    GC.recolour();
    GC.drawFigure();
    GC.tell("list");
    GC.drawControls();
    GC.tiles.repaint();
    GC.labels.redraw();
  });
  GC.on("colours", function () { GC.recolour(); GC.drawControls(); GC.tiles.repaint(); });
  GC.on("layers", function () { GC.drawControls(); GC.tiles.repaint(); GC.labels.redraw(); });
  GC.on("list", function () { GC.drawTabs(GC.parts.tabs); GC.drawList(GC.parts.list); });
  window.addEventListener("hashchange", function () { GC.readHash(false); });
  window.addEventListener("resize", function () { GC.map.invalidateSize({ animate: false }); });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") GC.hideSheets();
    if (event.key === "Escape" && GC.state.selected && event.target.id !== "gc-search") GC.choose(null);
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      document.getElementById("gc-search").focus();
      event.preventDefault();
    }
  });
};

GC.start("map_gridcircle");
