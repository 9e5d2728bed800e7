/* What a popup or tooltip says: rows of name and value, built from nodes. */
"use strict";

GC.rows = function (pairs) {
  return GC.h("dl", { class: "gc-rows" }, pairs.filter(function (pair) {
    return pair && pair[1] !== null && pair[1] !== undefined && pair[1] !== "";
  }).map(function (pair) { return [GC.h("dt", { text: pair[0] }), GC.h("dd", {}, pair[1])]; }));
};

GC.value = function (layer, name, i) {
  var values = GC.data[layer][name];
  return values && values[i] !== null && values[i] !== undefined ? values[i] : null;
};
GC.count = function (layer, name, i) {
  var value = GC.value(layer, name, i);
  return value === null ? null : value < 0 ? GC.people(value) : GC.number(value);
};

GC.chip = function (key) {
  var chip = GC.h("span", { class: "gc-chip", text: GC.t("class_" + key) });
  chip.style.background = GC.COLOURS[key];
  chip.style.color = key === "adequate" || key === "crowded" ? "#fff" : "#1d2733";
  if (key === "adequate") chip.style.background = "#2f74b5";
  return chip;
};

GC.heading = function (badge, colour, title) {
  var mark = GC.h("span", { class: "gc-badge", text: badge });
  mark.style.background = colour;
  return GC.h("div", { class: "gc-pop-head" }, mark, GC.h("b", { text: title }));
};

GC.gridRows = function (i) {
  var grids = "grids", column = function (name) { var c = GC.column(name); return c ? c[i] : null; };
  var parent = GC.value(grids, "parent_id", i), kind = GC.value(grids, "kind", i), basis = column("demand_basis");
  var share = basis === "area" ? column("covered_area_share") : column("covered_residents_share");
  var key = column("class"), area = GC.value(grids, "area_m2", i), reasons = GC.data.grids.orphan_reasons[i] || [];
  return [
    [GC.t("field_id"), GC.data.grids.id[i]],
    kind === "dedicated" ? [GC.t("field_kind"), GC.t("kind_dedicated")] : null,
    parent === null ? null : [GC.t("field_parent"), GC.parentName(parent)],
    key === null ? null : [GC.t("field_class"), GC.CLASSES.indexOf(key) >= 0 ? GC.chip(key) : key],
    key === null ? null : [GC.t("field_covered"), share === null || share === undefined ? null
      : GC.percent(share) + (basis && GC.has("basis_" + basis) ? GC.t("paren", { text: GC.t("basis_" + basis) }) : "")],
    GC.straight(i) === null ? null : [GC.t("field_straight"), GC.percent(GC.straight(i))],
    [GC.t("field_certainty"), GC.certainty(i)],
    column("nearest_m") === null ? null : [GC.t("field_nearest"), GC.measure(column("nearest_m"), "m")
      + (column("nearest_minutes") === null ? "" : " · " + GC.measure(column("nearest_minutes"), "minutes"))],
    [GC.t("field_n_sites"), column("n_sites") === null || column("n_sites") === undefined ? null : GC.number(column("n_sites"))],
    [GC.t("field_residents"), GC.count(grids, "residents", i)],
    [GC.t("field_households"), GC.count(grids, "households", i)],
    [GC.t("field_area"), area === null ? null : GC.measure(area, "m2")],
    [GC.t("field_orphan"), reasons.map(GC.reason).join(GC.t("list_comma"))]
  ];
};

/** Whether the class holds within the uncertainty of places, streets and speed, and the share it may be. */
GC.certainty = function (i) {
  var column = function (name) { var c = GC.column(name); return c && c[i] !== undefined ? c[i] : null; };
  var sure = column("certainty"), low = column("covered_residents_share_low"), high = column("covered_residents_share_high");
  if (sure === null || !GC.has("certainty_" + sure)) return null;
  var band = low === null || high === null ? "" : low === high ? GC.percent(low) : GC.percent(low) + "–" + GC.percent(high);
  return GC.t("certainty_" + sure) + (band ? GC.t("colon") + band : "");
};

GC.reason = function (reason) {
  if (reason === "outside") return GC.t("reason_outside");
  var rule = GC.data.rules[reason];
  return rule ? GC.pick(rule.title) + " " + reason : reason;
};

GC.gridTip = function (i) {
  return GC.h("div", {}, GC.h("b", { text: GC.gridName(i) }), GC.rows(GC.gridRows(i).slice(0, 9)));
};

GC.gridPopup = function (i) {
  var list = GC.model.findingsOf[i].filter(GC.inTier);
  var box = GC.h("div", { class: "gc-pop" }, GC.heading(GC.t("thing_grid"), "#0b4ea2", GC.gridName(i)), GC.rows(GC.gridRows(i)));
  if (!list.length) return GC.add(box, GC.h("p", { class: "gc-note", text: GC.t("no_findings_here") }));
  box.appendChild(GC.h("p", { class: "gc-note", text: GC.t("findings_here", { n: GC.number(list.length) }) }));
  list.slice(0, 8).forEach(function (f) { box.appendChild(GC.findingLink(f)); });
  return box;
};
GC.add = function (box, child) { box.appendChild(child); return box; };

GC.findingLink = function (f) {
  var rule = GC.data.rules[GC.data.findings.rule[f]], group = GC.groupOf(f);
  var code = GC.h("span", { class: "gc-code", text: GC.data.findings.rule[f] });
  code.style.background = GC.GROUP_COLOURS[group];
  return GC.h("button", { class: "gc-link", type: "button", onclick: function (event) {
    event.stopPropagation();
    GC.choose({ kind: "finding", at: f });
  } }, code, rule ? GC.pick(rule.title) : "", GC.tierNote(f));
};
GC.tierNote = function (f) {
  var id = GC.data.findings.tier ? GC.data.findings.tier[f] : null, tier = id ? GC.tierOf(id) : null;
  return tier ? GC.h("small", { text: " · " + GC.t("tier_short", { minutes: GC.number(tier.minutes) }) }) : null;
};

/** The sentence of a finding; in English ids stand in plain brackets. */
GC.message = function (f) {
  var text = GC.value("findings", "message_" + GC.state.language, f) || "";
  return GC.state.language === "en" ? text.replace(/（([^（）]*)）/g, " ($1)") : text;
};

GC.findingPopup = function (f) {
  var findings = GC.data.findings, rule = GC.data.rules[findings.rule[f]], unit = GC.value("findings", "measure_unit", f);
  var group = GC.groupOf(f), tier = GC.tierOf(GC.value("findings", "tier", f)), confidence = GC.value("findings", "confidence", f);
  var measure = GC.value("findings", "measure", f), limit = GC.value("findings", "limit", f);
  var source = GC.value("findings", "source", f);
  var box = GC.h("div", { class: "gc-pop" },
    GC.heading(GC.t("group_" + group), GC.GROUP_COLOURS[group], GC.findingPlace(f)),
    GC.h("p", { class: "gc-message", text: GC.message(f) }),
    GC.rows([
      [GC.t("field_rule"), findings.rule[f] + (rule ? " " + GC.pick(rule.title) : "") + " · " + GC.t("severity_" + findings.severity[f])],
      tier ? [GC.t("field_tier"), GC.pick(tier.title)] : null,
      [GC.t("field_category"), GC.value("findings", "category", f) === "all" ? null : GC.value("findings", "category", f)],
      [GC.t("field_measure"), measure === null ? null : GC.measure(measure, unit)],
      [GC.t("field_limit"), limit === null || (limit === 0 && measure === 0) ? null : GC.measure(limit, unit)],
      [GC.t("field_residents"), GC.count("findings", "residents", f)],
      [GC.t("field_households"), GC.count("findings", "households", f)],
      [GC.t("field_source"), source === null ? null
        : (GC.pick(GC.data.sources[source]) || source) + (confidence && GC.has("confidence_" + confidence) ? GC.t("paren", { text: GC.t("confidence_" + confidence) }) : "")]
    ]));
  if (rule && GC.pick(rule.advice)) {
    box.appendChild(GC.h("p", { class: "gc-advice" }, GC.h("b", { text: GC.t("field_advice") + " " }), GC.pick(rule.advice)));
  }
  return box;
};

GC.siteRows = function (i) {
  var opened = GC.value("sites", "opened_minutes", i);
  return [
    [GC.t("field_id"), GC.data.sites.id[i]],
    [GC.t("field_category"), GC.value("sites", "category", i)],
    [GC.t("field_services"), GC.value("sites", "services", i)],
    [GC.t("field_capacity"), GC.count("sites", "capacity", i)],
    [GC.t("field_opened"), opened === null ? null : GC.measure(opened, "minutes")]
  ];
};
GC.sitePopup = function (i) {
  return GC.h("div", { class: "gc-pop" }, GC.heading(GC.t("thing_site"), "#14202e", GC.siteName(i)), GC.rows(GC.siteRows(i)));
};

GC.unitPopup = function (i) {
  var share = GC.unitShare(i);
  return GC.h("div", { class: "gc-pop" }, GC.heading(GC.levelName(GC.value("units", "level", i)) || GC.t("thing_unit"), "#35506e", GC.unitName(i)),
    GC.rows([
      [GC.t("field_id"), GC.data.units.id[i]],
      [GC.t("field_parent"), GC.parentName(GC.value("units", "parent_id", i))],
      [GC.t("field_grids"), GC.count("units", "n_grids_base", i)],
      [GC.t("field_covered"), share === null ? null : GC.percent(share)],
      [GC.t("card_orphans"), GC.count("units", "n_orphans", i)],
      [GC.t("card_findings"), GC.count("units", "n_findings", i)],
      [GC.t("field_residents"), GC.count("units", "residents", i)]
    ]));
};

GC.finerPopup = function (i) {
  var area = GC.value("finers", "area_m2", i), parent = GC.value("finers", "parent_id", i), list = [];
  GC.data.findings.finers.forEach(function (at, f) { if (at.indexOf(i) >= 0 && GC.inTier(f)) list.push(f); });
  var box = GC.h("div", { class: "gc-pop" }, GC.heading(GC.thing("finer", i), "#35506e", GC.finerName(i)), GC.rows([
    [GC.t("field_id"), GC.data.finers.id[i]],
    [GC.t("field_parent"), parent === null ? null : GC.aboveName(parent)],
    [GC.t("field_residents"), GC.count("finers", "residents", i)],
    [GC.t("field_households"), GC.count("finers", "households", i)],
    [GC.t("field_area"), area === null ? null : GC.measure(area, "m2")]
  ]));
  list.slice(0, 8).forEach(function (f) { box.appendChild(GC.findingLink(f)); });
  return box;
};
/** The name of what is above a finer grid: a grid, another finer one, or a unit. */
GC.aboveName = function (id) {
  var grid = GC.model.gridAt.get(id), finer = GC.model.finerAt.get(id);
  return grid !== undefined ? GC.gridName(grid) : finer !== undefined ? GC.finerName(finer) : GC.parentName(id);
};

GC.popupOf = function (thing) {
  return { finer: GC.finerPopup, grid: GC.gridPopup, site: GC.sitePopup, unit: GC.unitPopup, finding: GC.findingPopup }[thing.kind](thing.at);
};
GC.tipOf = function (thing) {
  if (thing.kind === "grid") return GC.gridTip(thing.at);
  if (thing.kind === "site") {
    return GC.h("div", {}, GC.h("b", { text: GC.siteName(thing.at) }), GC.rows(GC.siteRows(thing.at).slice(0, 2)));
  }
  var rule = GC.data.rules[GC.data.findings.rule[thing.at]];
  return GC.h("div", {}, GC.h("b", { text: GC.findingPlace(thing.at) }), GC.h("div", { text: rule ? GC.pick(rule.title) : "" }));
};
