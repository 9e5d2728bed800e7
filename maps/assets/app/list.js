/* The findings: tabs with counts, ranked rows, as many as fit the eye. */
"use strict";

GC.PAGE = 200;
GC.TABS = [["all", null], ["blank", ["blank"]], ["tiling", ["overlap", "gap"]], ["orphan", ["orphan"]], ["other", ["other"]]];

GC.listed = function (groups) {
  return GC.model.order.filter(function (f) {
    return GC.inTier(f) && (!groups || groups.indexOf(GC.groupOf(f)) >= 0);
  });
};

GC.drawTabs = function (box) {
  GC.clear(box);
  GC.TABS.forEach(function (tab) {
    var chosen = GC.state.tab === tab[0];
    box.appendChild(GC.h("button", {
      type: "button", role: "tab", class: "gc-tab", id: "gc-tab-" + tab[0], "aria-selected": chosen ? "true" : "false",
      "aria-controls": "gc-list", tabindex: chosen ? "0" : "-1",
      onclick: function () { GC.state.tab = tab[0]; GC.state.shown = GC.PAGE; GC.tell("list"); },
      onkeydown: GC.tabKey
    }, GC.t("tab_" + tab[0]), GC.h("span", { class: "gc-count", text: GC.number(GC.listed(tab[1]).length) })));
  });
};
GC.tabKey = function (event) {
  var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  var names = GC.TABS.map(function (tab) { return tab[0]; });
  GC.state.tab = names[(names.indexOf(GC.state.tab) + step + names.length) % names.length];
  GC.tell("list");
  document.getElementById("gc-tab-" + GC.state.tab).focus();
  event.preventDefault();
};

GC.drawList = function (box) {
  GC.clear(box);
  var groups = GC.TABS.filter(function (tab) { return tab[0] === GC.state.tab; })[0][1];
  var list = GC.listed(groups), shown = list.slice(0, GC.state.shown);
  box.setAttribute("aria-labelledby", "gc-tab-" + GC.state.tab);
  if (!list.length) box.appendChild(GC.h("p", { class: "gc-empty", text: GC.t("list_empty") }));
  var rows = GC.h("ol", { class: "gc-findings" });
  shown.forEach(function (f, rank) { rows.appendChild(GC.findingRow(f, rank + 1)); });
  box.appendChild(rows);
  if (list.length > shown.length) {
    var left = list.length - shown.length;
    box.appendChild(GC.h("button", { type: "button", class: "gc-more", onclick: function () {
      GC.state.shown += GC.PAGE;
      GC.tell("list");
    } }, GC.t("list_more", { n: GC.number(Math.min(GC.PAGE, left)), left: GC.number(left) })));
  }
  GC.drawOthers(box);
};

/** How many findings belong to other tiers than the chosen one, and a way to see them. */
GC.drawOthers = function (box) {
  if (!GC.data.tiers.length) return;
  var all = GC.state.allTiers;
  GC.state.allTiers = false;
  var others = GC.data.findings.rule.length - GC.model.order.filter(GC.inTier).length;
  GC.state.allTiers = all;
  if (!others) return;
  box.appendChild(GC.h("p", { class: "gc-others" },
    all ? null : GC.t("list_other_tiers", { n: GC.number(others) }) + " ",
    GC.h("button", { type: "button", class: "gc-inline", onclick: function () {
      GC.state.allTiers = !all;
      GC.tell("tier");
    } }, GC.t(all ? "list_only_tier" : "list_show_all"))));
};

GC.findingRow = function (f, rank) {
  var findings = GC.data.findings, rule = GC.data.rules[findings.rule[f]], group = GC.groupOf(f);
  var measure = GC.value("findings", "measure", f), unit = GC.value("findings", "measure_unit", f);
  var badge = GC.h("span", { class: "gc-rank", text: rank });
  badge.style.background = GC.GROUP_COLOURS[group];
  var facts = [rule ? GC.pick(rule.title) : findings.rule[f]];
  if (measure !== null && findings.rule[f] !== "C501") facts.push(GC.measure(measure, unit));
  var people = GC.value("findings", "residents", f), households = GC.value("findings", "households", f);
  var touched = people !== null ? [people, "people"] : households !== null ? [households, "households_short"] : null;
  var chosen = GC.state.selected && GC.state.selected.kind === "finding" && GC.state.selected.at === f;
  return GC.h("li", {}, GC.h("button", {
    type: "button", class: "gc-finding gc-sev-" + findings.severity[f], "data-finding": findings.finding_id[f],
    "aria-current": chosen ? "true" : null, onclick: function () { GC.choose({ kind: "finding", at: f }); }
  }, badge, GC.h("span", { class: "gc-where" },
    GC.h("b", { text: GC.findingPlace(f) }), GC.h("small", {}, facts.join(" · "), GC.state.allTiers ? GC.tierNote(f) : null)),
  touched ? GC.h("span", { class: "gc-touched" }, GC.h("b", { text: GC.number(touched[0], 0) }), GC.h("small", { text: GC.t(touched[1]) })) : null));
};

/** Mark the row of the chosen finding, and bring it into view. */
GC.showChosenRow = function (box) {
  var selected = GC.state.selected, id = selected && selected.kind === "finding" ? GC.data.findings.finding_id[selected.at] : null;
  Array.prototype.forEach.call(box.querySelectorAll("[data-finding]"), function (row) {
    if (row.getAttribute("data-finding") === id) {
      row.setAttribute("aria-current", "true");
      row.scrollIntoView({ block: "nearest" });
    } else row.removeAttribute("aria-current");
  });
};
