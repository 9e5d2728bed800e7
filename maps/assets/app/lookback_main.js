/* The look-back's page: read the data, build it, answer to choices. */
"use strict";

GC.startLookBack = function (mapName) {
  var app = document.getElementById("gc-app");
  GC.map = window[mapName];
  GC.gunzip(GC.bytesOf(document.getElementById("gridcircle-data").textContent)).then(function (bytes) {
    GC.data = GC.unpack(bytes);
    GC.buildLookBack(app);
    document.documentElement.setAttribute("data-ready", "true");
  }).catch(function (error) {
    app.hidden = false;
    app.textContent = "地图数据无法读取 / the data of this map cannot be read: " + error.message;
    throw error;
  });
};

GC.buildLookBack = function (app) {
  var shapes = GC.data.shapes, areas = [], boxes = [], i;
  GC.state = {
    language: GC.data.project.language === "en" ? "en" : "zh", tab: "grids", shown: 200, part: 0.5, selected: null, hidden: {},
    layers: { units: true, transfers: true, moved: true }
  };
  for (i = 0; i < shapes.old.n; i++) areas.push(GC.area(shapes.old, i));
  areas.sort(function (a, b) { return a - b; });
  ["old", "new"].forEach(function (side) { for (i = 0; i < shapes[side].n; i++) boxes.push(GC.boxOf(shapes[side], i)); });
  GC.model = { cell: Math.sqrt(areas[Math.floor(areas.length / 2)] || 1e-6), extent: GC.joinBoxes(boxes) };
  GC.panel = GC.h("aside", { class: "gc-panel" });
  GC.main = GC.h("main", { class: "gc-main" });
  GC.append(app, [GC.panel, GC.main]);
  app.hidden = false;
  GC.main.appendChild(GC.map.getContainer());
  GC.makeSwipe(GC.main);
  GC.legend = GC.h("details", { class: "gc-box gc-legend", open: window.innerWidth > 700 });
  GC.main.appendChild(GC.legend);
  L.DomEvent.disableClickPropagation(GC.legend);
  L.DomEvent.disableScrollPropagation(GC.legend);
  GC.setUpSides();
  GC.drawAllWords();
  GC.on("language", function () { GC.drawAllWords(); GC.tipKey = ""; if (GC.state.selected) GC.pickThing(GC.state.selected); });
  GC.on("layers", function () { GC.drawFateLegend(GC.legend); GC.drawLists(); GC.repaintSides(); });
  window.addEventListener("resize", function () { GC.map.invalidateSize({ animate: false }); GC.clip(); });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") GC.pickThing(null); });
};

GC.setUpSides = function () {
  var map = GC.map;
  map.invalidateSize({ animate: false });
  map.fitBounds(GC.bounds(GC.model.extent), { animate: false, padding: [24, 24] });
  map.setMinZoom(Math.max(0, map.getZoom() - 3));
  GC.layers = ["old", "new"].map(function (side) {
    map.createPane("gc-" + side).style.zIndex = side === "old" ? 410 : 411;
    var layer = new GC.SideLayer({ maxZoom: 22, minZoom: 0, pane: "gc-" + side, side: side });
    map.addLayer(layer);
    return layer;
  });
  GC.marks = L.featureGroup().addTo(map);
  map.getPane("overlayPane").style.zIndex = 450; // the marks lie above both sides
  L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 130 }).addTo(map);
  GC.tip = GC.h("div", { class: "gc-tip", hidden: true });
  GC.main.appendChild(GC.tip);
  map.on("move zoom viewreset moveend zoomend resize", GC.clip);
  map.on("mousemove", GC.tipAt);
  map.on("mouseout", function () { GC.tip.hidden = true; });
  map.on("click", function (event) { GC.pickThing(GC.thingOn(event.containerPoint, event.latlng), event.latlng); });
  GC.clip();
};

GC.repaintSides = function () { GC.layers.forEach(function (layer) { layer.repaint(); }); };

GC.tipAt = function (event) {
  var now = event.containerPoint, thing = event.originalEvent.buttons ? null : GC.thingOn(now, event.latlng), key = thing ? thing.side + thing.at : "";
  if (!thing) { GC.tip.hidden = true; GC.tipKey = ""; return; }
  if (key !== GC.tipKey) { GC.append(GC.clear(GC.tip), GC.sideBox(thing)); GC.tipKey = key; }
  GC.tip.hidden = false;
  var size = GC.map.getSize(), flip = now.x > size.x - 280, up = now.y > size.y - 200;
  GC.tip.style.left = (flip ? now.x - GC.tip.offsetWidth - 14 : now.x + 16) + "px";
  GC.tip.style.top = (up ? now.y - GC.tip.offsetHeight - 10 : now.y + 16) + "px";
};

/** Choose a grid: mark it, and its counterparts on the other side with a dashed edge; zoom to it from a list. */
GC.pickThing = function (thing, clicked) {
  GC.state.selected = thing;
  GC.tip.hidden = true;
  GC.tipKey = "";
  GC.map.closePopup();
  GC.marks.clearLayers();
  if (!thing) return;
  var shapes = GC.data.shapes, other = thing.side === "old" ? "new" : "old";
  var mates = thing.side === "old" ? GC.heirsOf(thing.at) : GC.data.new.predecessors[thing.at];
  mates.forEach(function (i) { GC.outline(shapes[other], i, true); });
  GC.outline(shapes[thing.side], thing.at);
  var box = GC.boxOf(shapes[thing.side], thing.at);
  if (!clicked) GC.map.fitBounds(GC.bounds(box).pad(1), { maxZoom: 17, animate: false });
  var at = clicked || GC.latLng((box[0] + box[2]) / 2, box[1]);
  L.popup({ maxWidth: 340, minWidth: 230, className: "gc-popup" }).setLatLng(at).setContent(GC.sideBox(thing)).openOn(GC.map);
};

GC.drawAllWords = function () {
  document.documentElement.lang = GC.state.language === "zh" ? "zh-Hans" : "en";
  GC.panel.setAttribute("aria-label", GC.t("panel"));
  GC.map.getContainer().setAttribute("aria-label", GC.t("map_name"));
  GC.swipe.before.textContent = GC.t("lb_side_old");
  GC.swipe.after.textContent = GC.t("lb_side_new");
  GC.swipe.slider.setAttribute("aria-label", GC.t("lb_slider"));
  if (GC.zoom) GC.map.removeControl(GC.zoom);
  GC.zoom = L.control.zoom({ position: "topleft", zoomInTitle: GC.t("zoom_in"), zoomOutTitle: GC.t("zoom_out") });
  GC.map.addControl(GC.zoom);
  GC.drawLookBack(GC.panel);
  GC.drawFateLegend(GC.legend);
};

GC.startLookBack("map_gridcircle");
