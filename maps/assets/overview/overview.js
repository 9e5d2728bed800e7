/* The overview over many projects. Plain ES2018; every text of the data reaches the page through textContent only. */
"use strict";
(function () {
  var data = JSON.parse(document.getElementById("gridcircle-overview").textContent);
  var colours = { ok: "#2e8b57", findings: "#d9730d", failed: "#8b1a1a" };
  var states = ["failed", "findings", "ok"];
  var view = { language: data.language, state: null, text: "", chosen: null };
  var places = {}, h = GC.h, panel = h("aside", { class: "gc-panel" }), frame = h("div", { class: "ov-map", tabindex: "0" });
  var app = document.getElementById("gc-app"), map;

  function t(key, values) {
    var entry = data.words[key][view.language];
    return entry.replace(/\{(\w+)\}/g, function (_, name) { return String(values[name]); });
  }
  function count(value) { return value === null || value === undefined ? "–" : value.toLocaleString("en-US"); }
  function percent(value) { return value === null || value === undefined ? "–" : (100 * value).toFixed(1) + "%"; }
  function share(coverage) { return coverage.demand_basis === "area" ? coverage.area_share : coverage.residents_share; }
  function graveness(row) {
    var n = row.severities;
    return [-states.indexOf(row.state), n.error || 0, n.warning || 0];
  }
  function shown() {
    var wanted = view.text.trim().toLowerCase();
    return data.rows.filter(function (row) {
      return (!view.state || row.state === view.state) &&
        (!wanted || (row.title + " " + row.id).toLowerCase().indexOf(wanted) >= 0);
    }).sort(function (a, b) {
      var x = graveness(a), y = graveness(b);
      for (var i = 0; i < x.length; i++) if (x[i] !== y[i]) return y[i] - x[i];
      return a.folder < b.folder ? -1 : 1;
    });
  }

  function details(row) {
    var rows = [[t("n_grids"), count(row.n_grids)], [t("n_sites"), count(row.n_sites)],
      [t("n_error"), count(row.severities.error)], [t("n_warning"), count(row.severities.warning)],
      [t("n_orphans"), count(row.n_orphans)]];
    Object.keys(row.coverage).forEach(function (tier) {
      rows.push([t("share", { tier: row.tiers[tier][view.language] }), percent(share(row.coverage[tier]))]);
    });
    return h("div", {},
      h("div", { class: "gc-pop-head" }, h("b", { text: row.title })),
      h("p", { text: row["sentence_" + view.language] }),
      row.state === "failed" ? null : h("dl", { class: "gc-rows" }, rows.map(function (pair) {
        return [h("dt", { text: pair[0] }), h("dd", { text: pair[1] })];
      })),
      h("p", { class: "ov-links" }, [["map", "map_open"], ["ledger", "map_ledger"]].map(function (link) {
        return row.links[link[0]] ? h("a", { href: row.links[link[0]], text: t(link[1]) }) : null;
      })));
  }

  function choose(row) {
    view.chosen = row.folder;
    var place = places[row.folder];
    if (place) {
      map.fitBounds(place.box.pad(0.6), { animate: false, maxZoom: 13 });
      map.openPopup(L.popup({ className: "gc-popup", maxWidth: 340 }).setLatLng(place.box.getCenter()).setContent(details(row)));
    }
    list();
  }

  function list() {
    var items = shown(), old = panel.querySelector(".ov-list"), focus = document.activeElement;
    var inList = old && old.contains(focus);
    var made = h("ul", { class: "ov-list", "aria-label": t("map_list") }, items.map(function (row) {
      var is = view.chosen === row.folder;
      return h("li", {}, h("button", { type: "button", "aria-pressed": String(is), "data-folder": row.folder, onclick: function () { choose(row); } },
        h("span", { class: "ov-dot ov-" + row.state }),
        h("span", { class: "ov-name" }, row.title,
          h("small", { text: row.state === "failed" || is ? row["sentence_" + view.language] : row.folder }),
          is && !places[row.folder] && row.links.map ? h("span", { class: "ov-links" }, h("a", { href: row.links.map, text: t("map_open") })) : null),
        h("span", { class: "ov-n", text: row.state === "failed" ? t("state_failed") : count((row.severities.error || 0) + (row.severities.warning || 0)) })));
    }));
    if (!items.length) made = h("p", { class: "ov-list ov-empty", text: t("map_none") });
    if (old) old.replaceWith(made); else panel.appendChild(made);
    var again = inList && made.querySelector('[aria-pressed="true"]');
    if (again) again.focus();
  }

  function draw() {
    var totals = data.totals, focus = document.activeElement && document.activeElement.getAttribute("data-key");
    document.documentElement.lang = view.language === "zh" ? "zh-Hans" : "en";
    GC.clear(panel);
    GC.append(panel, [
      h("header", { class: "gc-head" },
        h("div", {}, h("h1", { text: data.title }),
          h("p", { text: t("map_title") + " · " + t("total_states", Object.assign({ n: totals.n_projects }, totals.states)) })),
        h("div", { class: "gc-segments", role: "group", "aria-label": t("map_language") }, ["zh", "en"].map(function (language) {
          return h("button", { type: "button", "data-key": language, "aria-pressed": String(view.language === language), text: language === "zh" ? "中" : "EN",
            onclick: function () { view.language = language; map.closePopup(); draw(); } });
        }))),
      h("div", { class: "ov-counts", role: "group" }, states.slice().reverse().map(function (state) {
        return h("button", { type: "button", "data-key": state, "aria-pressed": String(view.state === state),
          onclick: function () { view.state = view.state === state ? null : state; draw(); } },
          h("b", { text: count(totals.states[state]) }), h("span", { class: "ov-dot ov-" + state }), t("state_" + state));
      })),
      h("div", { class: "gc-search-box" }, h("input", { class: "gc-search", type: "search", value: view.text,
        placeholder: t("map_search"), "aria-label": t("map_search"),
        oninput: function (event) { view.text = event.target.value; list(); } }))
    ]);
    list();
    frame.setAttribute("aria-label", t("map_title"));
    var again = focus && panel.querySelector('[data-key="' + focus + '"]');
    if (again) again.focus();
  }

  function start() {
    GC.append(app, [panel, h("main", { class: "gc-main" }, frame)]);
    map = L.map(frame, { attributionControl: false, zoomSnap: 0.25, minZoom: 2, maxZoom: 18 });
    L.control.scale({ imperial: false }).addTo(map);
    var full = null;
    data.rows.forEach(function (row) {
      if (!row.outline_lonlat.length) return;
      var rings = row.outline_lonlat.map(function (ring) { return [ring.map(function (p) { return [p[1], p[0]]; })]; });
      var shape = L.polygon(rings, { color: colours[row.state], weight: 1.5, fillOpacity: 0.25 });
      var box = shape.getBounds();
      var dot = L.circleMarker(box.getCenter(), { radius: 6, color: "#fff", weight: 1.5, fillColor: colours[row.state], fillOpacity: 1 });
      places[row.folder] = { box: box };
      full = full ? full.extend(box) : L.latLngBounds(box.getSouthWest(), box.getNorthEast());
      [shape, dot].forEach(function (layer) {
        layer.addTo(map).on("click", function () { choose(row); });
        layer.bindTooltip(function () { return document.createTextNode(row.title); });
      });
    });
    if (full) map.fitBounds(full.pad(0.05), { animate: false }); else map.setView([30, 105], 4);
    draw();
    document.documentElement.setAttribute("data-ready", "true");
  }
  start();
})();
