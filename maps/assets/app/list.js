/* The findings: tabs with counts, grouped by rule or ranked, a filter by words, as many rows as fit the eye. */
"use strict";

GC.PAGE = 200;
GC.GROUP_ROWS = 5; // rows of a rule before they are asked for
GC.TABS = [["all", null], ["blank", ["blank"]], ["tiling", ["overlap", "gap"]], ["orphan", ["orphan"]], ["other", ["other"]]];

GC.listed = function (groups) {
  return GC.model.order.filter(function (f) {
    return GC.inTier(f) && (!groups || groups.indexOf(GC.model.groups[f]) >= 0);
  });
};

GC.drawTabs = function (box) {
  GC.drawScope(GC.parts.scope);
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

/** Above the list: words to filter by, and whether the rows are grouped by rule or ranked. */
GC.listTools = function () {
  var input = GC.h("input", {
    type: "search", class: "gc-filter", id: "gc-filter", autocomplete: "off", spellcheck: "false", value: GC.state.filter || null,
    placeholder: GC.t("filter_findings"), "aria-label": GC.t("filter_findings"), "aria-controls": "gc-list"
  });
  input.addEventListener("input", function () {
    GC.state.filter = input.value;
    GC.state.shown = GC.PAGE;
    GC.drawList(GC.parts.list);
    GC.announce(GC.t("list_found", { n: GC.number(GC.inList().length) }));
  });
  var ways = GC.h("div", { class: "gc-ways" });
  var draw = function () {
    GC.append(GC.clear(ways), GC.segments(GC.t("list_order"), [["rule", GC.t("order_rule")], ["rank", GC.t("order_rank")]], GC.state.order, function (value) {
      GC.state.order = value;
      draw();
      GC.drawList(GC.parts.list);
      ways.querySelector('[data-value="' + value + '"]').focus();
    }));
  };
  draw();
  return GC.h("div", { class: "gc-tools" }, input, ways);
};

/** Text of a finding that the filter looks in: sentences, place, rule, ids of what it touches. */
GC.findingText = function (f) {
  var texts = GC.model.texts, findings = GC.data.findings;
  if (!texts[f]) {
    var rule = GC.data.rules[findings.rule[f]], ids = function (layer) {
      return function (i) { return GC.data[layer].id[i] + " " + ((GC.data[layer].name || [])[i] || ""); };
    };
    texts[f] = GC.fold([
      findings.rule[f], findings.finding_id[f], rule ? rule.title.zh + " " + rule.title.en : "", GC.findingPlace(f),
      (findings.message_zh || [])[f] || "", (findings.message_en || [])[f] || "",
      findings.grids[f].map(ids("grids")).join(" "), findings.sites[f].map(ids("sites")).join(" ")
    ].join("\n"));
  }
  return texts[f];
};

/** The findings of the chosen tab that the filter leaves. */
GC.inList = function () {
  var groups = GC.TABS.filter(function (tab) { return tab[0] === GC.state.tab; })[0][1];
  var wanted = GC.fold(GC.state.filter || "");
  return GC.listed(groups).filter(function (f) { return !wanted || GC.findingText(f).indexOf(wanted) >= 0; });
};

GC.drawList = function (box) {
  GC.clear(box);
  var list = GC.inList();
  box.setAttribute("aria-labelledby", "gc-tab-" + GC.state.tab);
  if (!list.length) box.appendChild(GC.h("p", { class: "gc-empty", text: GC.t(GC.state.filter ? "search_none" : "list_empty") }));
  else if (GC.state.order === "rule") GC.byRule(list).forEach(function (group) { GC.append(box, GC.ruleGroup(group)); });
  else GC.append(box, GC.someRows(list, GC.state.shown, function () { GC.state.shown += GC.PAGE; }));
};

/** The rows of a list as far as `shown`, and a button for more. */
GC.someRows = function (list, shown, more) {
  var rows = GC.h("ol", { class: "gc-findings" }), left = list.length - shown;
  list.slice(0, shown).forEach(function (f, rank) { rows.appendChild(GC.findingRow(f, rank + 1)); });
  return [rows, left <= 0 ? null : GC.h("button", { type: "button", class: "gc-more", onclick: function () {
    more();
    GC.drawList(GC.parts.list);
    var next = list[shown], row = GC.parts.list.querySelector('[data-finding="' + CSS.escape(GC.data.findings.finding_id[next]) + '"]');
    if (row) row.focus();
  } }, GC.t("list_more", { n: GC.number(Math.min(GC.PAGE, left)), left: GC.number(left) }))];
};

/** Groups of findings of one rule, the order of their worst kept. */
GC.byRule = function (list) {
  var groups = [], at = {};
  list.forEach(function (f) {
    var rule = GC.data.findings.rule[f];
    if (!at[rule]) groups.push(at[rule] = { rule: rule, list: [], grids: new Set() });
    at[rule].list.push(f);
    GC.data.findings.grids[f].forEach(function (g) { at[rule].grids.add(g); });
  });
  return groups;
};

GC.ruleGroup = function (group) {
  var rule = GC.data.rules[group.rule], isOpen = !GC.state.folded[group.rule], id = "gc-rule-" + group.rule;
  var code = GC.h("span", { class: "gc-code", text: group.rule });
  code.style.background = GC.GROUP_COLOURS[rule ? rule.group : "other"];
  var head = GC.h("h2", { class: "gc-rule" }, GC.h("button", {
    type: "button", "aria-expanded": isOpen ? "true" : "false", "aria-controls": id, "data-rule": group.rule, onclick: function () {
      GC.state.folded[group.rule] = isOpen;
      GC.drawList(GC.parts.list);
      GC.parts.list.querySelector('[data-rule="' + group.rule + '"]').focus();
    }
  }, code, GC.h("span", { class: "gc-rule-title", text: rule ? GC.pick(rule.title) : group.rule }), GC.h("span", { class: "gc-count", text: GC.number(group.list.length) })));
  var body = GC.h("div", { id: id });
  if (isOpen) {
    var people = 0; // of its grids, each counted once
    group.grids.forEach(function (g) { people += Math.max(0, GC.value("grids", "residents", g) || 0); });
    if (people > 0) {
      body.appendChild(GC.h("p", { class: "gc-rule-note", text: GC.t("rule_people", { n: GC.number(people, 0), grids: GC.number(group.grids.size) }) }));
    }
    GC.append(body, GC.someRows(group.list, GC.state.open[group.rule] || GC.GROUP_ROWS, function () {
      GC.state.open[group.rule] = (GC.state.open[group.rule] || GC.GROUP_ROWS) + GC.PAGE;
    }));
  }
  return [head, body];
};

/** Which findings the list holds, those of the chosen tier or all, and a way to the others. */
GC.drawScope = function (box) {
  GC.clear(box);
  var findings = GC.data.findings, tier = GC.tierOf(GC.state.tier), all = GC.state.allTiers, total = findings.rule.length;
  var ofOthers = (findings.tier || []).filter(function (id) { return id !== null && tier && id !== tier.id; }).length;
  box.hidden = !ofOthers;
  if (!ofOthers) return;
  var words = { tier: GC.tierLabel(tier), total: GC.number(total), n: GC.number(total - ofOthers) };
  GC.append(box, [GC.h("span", { text: GC.t(all ? "list_scope_all" : "list_scope", words) }), " ",
    GC.h("button", { type: "button", class: "gc-inline", id: "gc-scope-button", onclick: function () {
      GC.state.allTiers = !all;
      GC.tell("tier");
      document.getElementById("gc-scope-button").focus();
    } }, GC.t(all ? "list_only_tier" : "list_show_all", words))]);
};

GC.findingRow = function (f, rank) {
  var findings = GC.data.findings, rule = GC.data.rules[findings.rule[f]], group = GC.groupOf(f), isRanked = GC.state.order === "rank";
  var measure = GC.value("findings", "measure", f), unit = GC.value("findings", "measure_unit", f);
  var badge = GC.h("span", { class: "gc-rank", text: rank });
  badge.style.background = GC.GROUP_COLOURS[group];
  var facts = isRanked ? [rule ? GC.pick(rule.title) : findings.rule[f]] : [];
  if (measure !== null && findings.rule[f] !== "C501") facts.push(GC.measure(measure, unit));
  if (!facts.length) facts.push(GC.t("severity_" + findings.severity[f]));
  var people = GC.value("findings", "residents", f), households = GC.value("findings", "households", f);
  var touched = people !== null ? [people, "people"] : households !== null ? [households, "households_short"] : null;
  var chosen = GC.state.selected && GC.state.selected.kind === "finding" && GC.state.selected.at === f;
  return GC.h("li", {}, GC.h("button", {
    type: "button", class: "gc-finding gc-sev-" + findings.severity[f], "data-finding": findings.finding_id[f],
    "aria-current": chosen ? "true" : null, onclick: function () { GC.choose({ kind: "finding", at: f }); }
  }, badge, GC.h("span", { class: "gc-where" },
    GC.h("b", { text: GC.findingPlace(f) }), GC.h("small", {}, facts.join(" · "), GC.state.allTiers ? GC.tierNote(f) : null)),
  touched ? GC.h("span", { class: "gc-touched" }, GC.h("b", { text: GC.people(touched[0]) }), GC.h("small", { text: GC.t(touched[1]) })) : null));
};

/** Mark the row of the chosen finding, and bring it into view; a rule that hides it is opened. */
GC.showChosenRow = function (box) {
  var selected = GC.state.selected, at = selected && selected.kind === "finding" ? selected.at : -1;
  var id = at >= 0 ? GC.data.findings.finding_id[at] : null;
  if (id !== null && !box.querySelector('[data-finding="' + CSS.escape(id) + '"]') && GC.state.order === "rule") {
    var rule = GC.data.findings.rule[at], rank = GC.inList().filter(function (f) { return GC.data.findings.rule[f] === rule; }).indexOf(at);
    if (rank >= 0 && rank < 1000) {
      GC.state.folded[rule] = false;
      GC.state.open[rule] = Math.max(GC.state.open[rule] || 0, rank + 1);
      GC.drawList(box);
    }
  }
  Array.prototype.forEach.call(box.querySelectorAll("[data-finding]"), function (row) {
    if (row.getAttribute("data-finding") === id) {
      row.setAttribute("aria-current", "true");
      row.scrollIntoView({ block: "nearest" });
    } else row.removeAttribute("aria-current");
  });
};
