/* GridCircle map page. Plain ES2018; every text of the data reaches the page through textContent only. */
"use strict";
var GC = {};

/** Make an element: attributes, listeners (`onclick`), children (nodes or text). */
GC.h = function (tag, attributes) {
  var node = document.createElement(tag);
  Object.keys(attributes || {}).forEach(function (name) {
    var value = attributes[name];
    if (value === null || value === undefined || value === false) return;
    if (name.slice(0, 2) === "on") node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = String(value);
    else node.setAttribute(name, value === true ? "" : String(value));
  });
  for (var i = 2; i < arguments.length; i++) GC.append(node, arguments[i]);
  return node;
};

GC.append = function (node, child) {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) child.forEach(function (one) { GC.append(node, one); });
  else node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
};

GC.clear = function (node) {
  while (node.firstChild) node.removeChild(node.firstChild);
  return node;
};

/** Call with the next frame, or a quarter of a second later where no frames come: in a frame below the fold browsers hold them back. */
GC.soon = function (call) {
  var frame, timer;
  var once = function () { clearTimeout(timer); cancelAnimationFrame(frame); call(); };
  frame = requestAnimationFrame(once);
  timer = setTimeout(once, 250);
};

/** Events of the page: `GC.on("choice", f)`, `GC.tell("choice", value)`. */
GC.listeners = {};
GC.on = function (name, call) { (GC.listeners[name] = GC.listeners[name] || []).push(call); };
GC.tell = function (name, value) {
  GC.keepingFocus(function () { (GC.listeners[name] || []).forEach(function (call) { call(value); }); });
};

/** Redraw, and give the focus back to the control that had it: it was made anew. */
GC.NAMED = ["id", "data-key", "data-layer", "data-value", "data-finding", "data-rule", "data-print"];
GC.keepingFocus = function (draw) {
  var had = document.activeElement, name = had && GC.NAMED.filter(function (one) { return had.hasAttribute(one); })[0];
  var query = name ? had.tagName + "[" + name + '="' + CSS.escape(had.getAttribute(name)) + '"]' : null;
  draw();
  if (!query || document.body.contains(had)) return;
  var again = document.querySelector(query);
  if (again) again.focus({ preventScroll: true });
};

/** What the user chose. */
GC.state = {
  language: "zh", tier: null, mode: "class", tab: "all", allTiers: false, shown: 200, selected: null,
  order: "rule", filter: "", folded: {}, open: {},
  layers: { streets: true, units: true, finers: true, sites: true, findings: true, labels: true, straight: false, circles: {} },
  hidden: {}, hiddenSites: {}
};

/* Words and numbers. */
GC.fill = function (template, values) {
  return template.replace(/\{(\w+)\}/g, function (whole, name) {
    return values && values[name] !== undefined && values[name] !== null ? String(values[name]) : whole;
  });
};
GC.t = function (key, values) {
  var entry = GC.data.words[key];
  return entry ? GC.fill(entry[GC.state.language], values) : key;
};
GC.has = function (key) { return Object.prototype.hasOwnProperty.call(GC.data.words, key); };
GC.pick = function (texts) { return texts ? texts[GC.state.language] || texts.zh || texts.en || "" : ""; };
GC.number = function (value, digits) {
  if (value === null || value === undefined || !isFinite(value)) return "–";
  var places = digits === undefined ? (Math.abs(value) < 10 && value % 1 ? 2 : Math.abs(value) < 100 && value % 1 ? 1 : 0) : digits;
  var parts = String(Number(value.toFixed(places))).split(".");
  parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, ",");
  return parts.join(".");
};
/** A count of people or households; below the k of the standard only that it is. */
GC.people = function (value) {
  if (value < 0) return GC.t("fewer_than", { k: GC.number(GC.data.project.least_count) });
  return GC.number(value, 0);
};
/** Tell a screen reader. */
GC.announce = function (text) { if (GC.live) GC.live.textContent = text; };
/** A whole number short enough for a card: in 万 or millions from a million up. */
GC.shortNumber = function (value) {
  if (value < 1e6) return GC.number(value, 0);
  return GC.state.language === "zh" ? GC.number(value / 1e4, 1) + " 万" : GC.number(value / 1e6, 2) + " M";
};
/** A share as percent; never rounded up to 100 % or down to 0 % when it is not. */
GC.percent = function (share, digits) {
  if (share === null || share === undefined || !isFinite(share)) return "–";
  var places = digits === undefined ? 1 : digits, unit = Math.pow(10, places);
  var value = Math.round(share * 100 * unit) / unit;
  if (value >= 100 && share < 1) value = 100 - 1 / unit;
  if (value <= 0 && share > 0) value = 1 / unit;
  return (value >= 100 || value <= 0 ? value.toFixed(0) : value.toFixed(places)) + "%";
};
GC.measure = function (value, unit) {
  if (value === null || value === undefined) return "–";
  if (value < 0 && (unit === "persons" || unit === "households")) return GC.t("unit_" + unit, { n: GC.people(value) });
  if (unit === "share") return GC.percent(value);
  if (unit === "m2" && value >= 1e5) return GC.t("unit_km2", { n: GC.number(value / 1e6, 2) });
  var n = GC.number(value);
  return unit && GC.has("unit_" + unit) ? GC.t("unit_" + unit, { n: n }) : n;
};
