/* Search over grids, sites, units and findings by id and name; arrows and Enter work. */
"use strict";

GC.MOST_RESULTS = 40;

/** Text as it is compared: width, case and accents do not matter. */
GC.fold = function (text) {
  return String(text).normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/\s+/g, " ").trim();
};

GC.searchIndex = function () {
  if (GC.index) return GC.index;
  var index = [], add = function (kind, ids, names) {
    ids.forEach(function (id, i) {
      var name = names && names[i] ? names[i] : "";
      index.push({ kind: kind, at: i, id: id, name: name, key: GC.fold(name + "\n" + id) });
    });
  };
  add("unit", GC.data.units.id, GC.data.units.name);
  add("grid", GC.data.grids.id, GC.data.grids.name);
  add("finer", GC.data.finers.id, GC.data.finers.name);
  add("site", GC.data.sites.id, GC.data.sites.name);
  add("finding", GC.data.findings.finding_id, null);
  GC.index = index;
  return index;
};

GC.find = function (text) {
  var wanted = GC.fold(text);
  if (!wanted) return [];
  var hits = GC.searchIndex().filter(function (entry) { return entry.key.indexOf(wanted) >= 0; });
  var rank = function (entry) {
    var id = GC.fold(entry.id), name = GC.fold(entry.name);
    return id === wanted || name === wanted ? 0 : id.indexOf(wanted) === 0 || name.indexOf(wanted) === 0 ? 1 : 2;
  };
  return hits.map(function (entry, i) { return [rank(entry), i, entry]; })
    .sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; })
    .slice(0, GC.MOST_RESULTS).map(function (row) { return row[2]; });
};

/** What a thing is called: a finer grid by its own level. */
GC.thing = function (kind, at) { return (kind === "finer" && GC.value("finers", "level", at)) || GC.t("thing_" + kind); };

GC.searchBox = function () {
  var results = GC.h("ul", { class: "gc-results", id: "gc-results", role: "listbox", "aria-label": GC.t("search_results"), hidden: true });
  var state = { hits: [], at: -1 };
  var input = GC.h("input", {
    class: "gc-search", id: "gc-search", type: "search", autocomplete: "off", spellcheck: "false", placeholder: GC.t("search"),
    "aria-label": GC.t("search"), role: "combobox", "aria-expanded": "false", "aria-controls": "gc-results", "aria-autocomplete": "list"
  });
  var draw = function () {
    GC.clear(results);
    results.hidden = !input.value.trim();
    input.setAttribute("aria-expanded", results.hidden ? "false" : "true");
    state.hits.forEach(function (hit, i) {
      var name = hit.kind === "finding" ? GC.findingPlace(hit.at) : hit.name || hit.id;
      results.appendChild(GC.h("li", {
        role: "option", id: "gc-hit-" + i, "aria-selected": i === state.at ? "true" : "false",
        onmousedown: function (event) { event.preventDefault(); take(hit); }
      }, GC.h("small", { class: "gc-kind", text: GC.thing(hit.kind, hit.at) }), GC.h("b", { text: name }),
      hit.name || hit.kind === "finding" ? GC.h("small", { text: hit.id }) : null));
    });
    if (!state.hits.length) results.appendChild(GC.h("li", { class: "gc-empty", text: GC.t("search_none") }));
    if (state.at >= 0) {
      input.setAttribute("aria-activedescendant", "gc-hit-" + state.at);
      results.children[state.at].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  var take = function (hit) {
    results.hidden = true;
    input.setAttribute("aria-expanded", "false");
    GC.choose({ kind: hit.kind, at: hit.at });
  };
  input.addEventListener("input", function () { state.hits = GC.find(input.value); state.at = -1; draw(); });
  input.addEventListener("focus", function () { if (input.value.trim()) draw(); });
  input.addEventListener("blur", function () { results.hidden = true; });
  input.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { input.value = ""; state.hits = []; draw(); return; }
    if (event.key === "Enter" && state.hits.length) { take(state.hits[Math.max(0, state.at)]); return; }
    var step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !state.hits.length) return;
    state.at = (state.at + step + state.hits.length) % state.hits.length;
    draw();
    event.preventDefault();
  });
  return GC.h("div", { class: "gc-search-box", role: "search" }, input, results);
};
