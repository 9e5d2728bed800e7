/* The look-back's panel: statement, counts that filter, and lists of grids, moves and findings. */
"use strict";

GC.TABS = ["grids", "moves", "findings"];

GC.drawLookBack = function (box) {
  GC.clear(box);
  var project = GC.data.project, parts = GC.parts = {};
  parts.tabs = GC.h("div", { class: "gc-tabs", role: "tablist", "aria-label": GC.t("lb_lists") });
  parts.list = GC.h("div", { class: "gc-list", id: "gc-list", role: "tabpanel", tabindex: "-1" });
  var versions = ["old", "new"].map(function (side) { return String(project[side].created).slice(0, 10); }).join(" → ");
  GC.append(box, [
    GC.h("header", { class: "gc-head" }, GC.h("div", {}, GC.h("h1", { text: GC.t("lb_title", { title: project.title }) }),
      GC.h("p", { text: versions })), GC.languages()),
    GC.h("div", { class: "gc-figure" },
      GC.h("p", { class: "gc-headline" }, GC.h("strong", { text: GC.number(GC.data.n_adjusted) }), GC.h("span", { text: GC.t("lb_head_adjusted") })),
      GC.fateBar(),
      GC.h("div", { class: "gc-statement" }, GC.data.statements[GC.state.language].map(function (line) { return GC.h("p", { text: line }); }))),
    parts.tabs, parts.list,
    GC.h("footer", { class: "gc-foot", text: GC.t("lb_footer", { crs: project.crs.slice(0, 40) }) })
  ]);
  GC.drawLists();
};

/** The old grids by fate as one bar. */
GC.fateBar = function () {
  var bar = GC.h("div", { class: "gc-bar", role: "img" }), texts = [];
  GC.data.fates.forEach(function (fate) {
    var n = GC.data.counts[fate];
    if (!n) return;
    var part = GC.h("span", { title: GC.fateName(fate) + " " + GC.number(n) });
    part.style.flexGrow = String(n);
    part.style.backgroundColor = GC.FATE_COLOURS[fate];
    texts.push(part.title);
    bar.appendChild(part);
  });
  bar.setAttribute("aria-label", texts.join(", "));
  return bar;
};

GC.drawLists = function () {
  var rows = { grids: GC.gridRows(), moves: GC.moveRows(), findings: GC.findingRows() }, tabs = GC.clear(GC.parts.tabs);
  GC.TABS.forEach(function (name) {
    tabs.appendChild(GC.h("button", {
      type: "button", class: "gc-tab", role: "tab", "aria-selected": name === GC.state.tab ? "true" : "false", "data-tab": name,
      onclick: function () { GC.state.tab = name; GC.state.shown = 200; GC.drawLists(); }
    }, GC.t("lb_tab_" + name), GC.h("span", { class: "gc-count", text: GC.number(rows[name].length) })));
  });
  var list = GC.clear(GC.parts.list), mine = rows[GC.state.tab], ul = GC.h("ul", { class: "gc-findings" });
  mine.slice(0, GC.state.shown).forEach(function (row) { ul.appendChild(GC.h("li", {}, GC.rowButton(row))); });
  list.appendChild(mine.length ? ul : GC.h("p", { class: "gc-empty", text: GC.t("lb_list_empty") }));
  if (mine.length > GC.state.shown) {
    list.appendChild(GC.h("button", { type: "button", class: "gc-more", text: GC.t("list_more", { n: GC.number(Math.min(200, mine.length - GC.state.shown)), left: GC.number(mine.length - GC.state.shown) }),
      onclick: function () { GC.state.shown += 200; GC.drawLists(); } }));
  }
};

GC.rowButton = function (row) {
  var badge = GC.h("span", { class: "gc-rank", text: row.badge });
  badge.style.backgroundColor = row.colour;
  if (row.dark) badge.style.color = "#14202e";
  return GC.h("button", { type: "button", class: "gc-finding", onclick: function () { GC.pickThing(row.thing); } }, badge,
    GC.h("span", { class: "gc-where" }, GC.h("b", { text: row.title, title: row.title }), GC.h("small", { text: row.text, title: row.text })),
    row.n ? GC.h("span", { class: "gc-touched" }, GC.h("b", { text: GC.people(row.n) }), GC.h("small", { text: GC.t("people") })) : null);
};

/** Adjusted grids: old ones that are not kept, then new and carved ones. */
GC.gridRows = function () {
  var rows = [];
  ["old", "new"].forEach(function (side) {
    GC.data[side].id.forEach(function (_, i) {
      var fate = GC.fateOf(side, i), isOwn = side === "old" ? GC.KEPT.indexOf(fate) < 0 : fate === "new" || fate === "carved";
      if (!isOwn || GC.state.hidden[fate]) return;
      rows.push({
        badge: GC.fateName(fate), colour: GC.FATE_COLOURS[fate], dark: fate === "redrawn", title: GC.labelOn(side, i), text: GC.fateText(side, i),
        n: side === "old" ? GC.data.old.residents_moved[i] : 0, thing: { side: side, at: i }, order: GC.data.fates.indexOf(fate)
      });
    });
  });
  return rows.sort(function (a, b) { return (b.n || 0) - (a.n || 0) || a.order - b.order; });
};

GC.listOf = function (side, list) {
  return list.slice(0, 4).map(function (i) { return GC.nameOn(side, i); }).join(GC.t("lb_say_join")) + (list.length > 4 ? " …" : "");
};
GC.heirsOf = function (i) {
  var heirs = [];
  GC.data.new.predecessors.forEach(function (list, j) { if (list.indexOf(i) >= 0) heirs.push(j); });
  return heirs;
};
GC.fateText = function (side, i) {
  if (side === "old") {
    var heirs = GC.heirsOf(i);
    return heirs.length ? GC.t("lb_becomes", { names: GC.listOf("new", heirs) }) : GC.t("lb_becomes_nothing");
  }
  var data = GC.data.new, from = data.predecessors[i].length ? data.predecessors[i] : data.from[i];
  return from.length ? GC.t("lb_comes_from", { names: GC.listOf("old", from) }) : GC.t("lb_comes_from_nothing");
};

GC.moveRows = function () {
  var moves = GC.data.moves;
  return moves.from.map(function (from, k) {
    var to = moves.to[k];
    return {
      badge: GC.t("lb_move"), colour: "#33475c", title: GC.nameOn("old", from) + " → " + (to < 0 ? GC.t("lb_nowhere") : GC.nameOn("new", to)),
      text: GC.t("lb_move_buildings", { n: GC.number(moves.n_buildings[k]) }), n: moves.residents[k],
      thing: to < 0 ? { side: "old", at: from } : { side: "new", at: to }
    };
  });
};

GC.CHANGE_COLOURS = { introduced: "#b0281a", left: "#8a5a00", fixed: "#2c7a4b" };
GC.findingRows = function () {
  var found = GC.data.findings, order = ["introduced", "left", "fixed"], rows = [];
  found.change.forEach(function (change, f) {
    if (found.severity[f] === "info") return;
    var at = found.new[f].length ? { side: "new", at: found.new[f][0] } : found.old[f].length ? { side: "old", at: found.old[f][0] } : null;
    rows.push({
      badge: GC.t("lb_change_" + change), colour: GC.CHANGE_COLOURS[change], title: found.rule[f],
      text: found["message_" + GC.state.language][f], thing: at, order: order.indexOf(change)
    });
  });
  return rows.sort(function (a, b) { return a.order - b.order; });
};

/** What a grid was or became, for the tip and the popup. */
GC.sideRows = function (thing) {
  var side = thing.side, i = thing.at, data = GC.data[side], rows = [];
  var add = function (key, value) { if (value !== null && value !== undefined && value !== "") rows.push([GC.t(key), value]); };
  add("lb_col_fate", GC.fateName(GC.fateOf(side, i)));
  add(side === "old" ? "lb_now" : "lb_before", GC.fateText(side, i));
  if (side === "old") {
    if (data.border_m && data.border_m[i]) add("lb_col_border", GC.number(data.border_m[i]));
    add("lb_col_flags", data.flags[i].map(function (flag) { return GC.t("lb_flag_" + flag); }).join(GC.t("lb_say_join")));
    if (data.residents_moved[i]) add("lb_col_residents_moved", GC.people(data.residents_moved[i]));
  } else if (data.residents_moved_in[i]) add("lb_col_moved_in", GC.people(data.residents_moved_in[i]));
  if (data.residents && data.residents[i] !== null) add("lb_col_residents", GC.people(data.residents[i]));
  return rows;
};
GC.sideBox = function (thing) {
  var chip = GC.h("span", { class: "gc-badge", text: GC.t(thing.side === "old" ? "lb_side_old" : "lb_side_new") }), rows = GC.h("dl", { class: "gc-rows" });
  chip.style.backgroundColor = "#33475c";
  GC.sideRows(thing).forEach(function (row) { GC.append(rows, [GC.h("dt", { text: row[0] }), GC.h("dd", { text: row[1] })]); });
  return GC.h("div", {}, GC.h("div", { class: "gc-pop-head" }, chip, GC.h("b", { text: GC.labelOn(thing.side, thing.at) })), rows);
};

GC.drawFateLegend = function (box) {
  GC.clear(box);
  box.appendChild(GC.h("summary", { text: GC.t("legend"), title: GC.t("legend_hint") }));
  var keys = GC.h("div", { class: "gc-keys" }), layers = GC.h("div", { class: "gc-checks" });
  GC.data.fates.forEach(function (fate) {
    if (!GC.data.counts[fate]) return;
    var swatch = GC.swatch(function (ctx) {
      ctx.fillStyle = GC.FATE_COLOURS[fate]; ctx.fillRect(1, 1, 24, 14);
      ctx.strokeStyle = "rgba(29,39,51,.35)"; ctx.strokeRect(1, 1, 24, 14);
    });
    keys.appendChild(GC.key(GC.state.hidden, fate, swatch, [GC.fateName(fate)], GC.number(GC.data.counts[fate])));
  });
  if (GC.data.units.id.length) layers.appendChild(GC.check(GC.t("lb_layer_units"), GC.state.layers, "units"));
  if (GC.data.shapes.transfers.n) layers.appendChild(GC.check(GC.t("lb_layer_transfers"), GC.state.layers, "transfers"));
  if (GC.data.shapes.moved.n) layers.appendChild(GC.check(GC.t("lb_layer_moved"), GC.state.layers, "moved"));
  GC.append(box, [keys, layers]);
};
