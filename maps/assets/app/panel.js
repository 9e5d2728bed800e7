/* The left panel: title, language, search, the answer in one figure, a bar, four cards, the findings. */
"use strict";

GC.drawPanel = function (box) {
  GC.clear(box);
  var project = GC.data.project, head = GC.h("div", { class: "gc-figure", id: "gc-figure" });
  var tabs = GC.h("div", { class: "gc-tabs", role: "tablist", "aria-label": GC.t("list_title") });
  var scope = GC.h("p", { class: "gc-scope" });
  var list = GC.h("div", { class: "gc-list", id: "gc-list", role: "tabpanel", tabindex: "-1" });
  GC.append(box, [
    GC.h("header", { class: "gc-head" },
      GC.h("div", {}, project.marks.mark ? GC.h("strong", { class: "gc-mark", text: project.marks.mark }) : null,
        GC.h("h1", { text: project.title || project.id }), GC.h("p", { text: GC.made() })), GC.languages()),
    GC.searchBox(), head, tabs, scope, GC.listTools(), list,
    GC.h("footer", { class: "gc-foot", text: GC.t(GC.base ? "footer_base" : "footer", { crs: project.crs.slice(0, 40), model: GC.t("model_" + project.model) }) + GC.simplified()
      + (project.marks.approval_number ? " · " + GC.t("print_approval", { number: project.marks.approval_number }) : "") })
  ]);
  GC.parts = { head: head, tabs: tabs, scope: scope, list: list };
  GC.drawFigure();
  GC.drawTabs(tabs);
  GC.drawList(list);
};

/** What was simplified for the drawing; nothing for exact shapes. */
GC.simplified = function () {
  var how = GC.data.simplified;
  if (!how || !how.tolerance_m) return "";
  return " · " + GC.t(how.is_coverage ? "simplified" : "simplified_loose", { metres: GC.number(how.tolerance_m) });
};

GC.made = function () {
  var project = GC.data.project, title = GC.pick(project.standard_title) || project.standards.join(" + ");
  return GC.t("made", { standard: title, created: String(project.created).slice(0, 10) });
};

GC.languages = function () {
  return GC.segments(GC.t("switch_language"), [["zh", "中文"], ["en", "EN"]], GC.state.language, function (value) {
    GC.state.language = value;
    GC.tell("language");
  });
};

/** A row of buttons of which one is chosen. */
GC.segments = function (label, options, chosen, call) {
  return GC.h("div", { class: "gc-segments", role: "group", "aria-label": label }, options.map(function (option) {
    return GC.h("button", {
      type: "button", "aria-pressed": option[0] === chosen ? "true" : "false", "data-value": option[0],
      onclick: function (event) { event.stopPropagation(); call(option[0]); }
    }, option[1]);
  }));
};

GC.drawFigure = function () {
  var box = GC.clear(GC.parts.head), tier = GC.tierOf(GC.state.tier);
  if (GC.data.tiers.length > 1) {
    box.appendChild(GC.segments(GC.t("tier_choice"), GC.data.tiers.map(function (one) {
      return [one.id, GC.tierLabel(one)];
    }), GC.state.tier, GC.chooseTier));
  }
  var head = tier ? GC.coveredHead(tier) : GC.findingsHead();
  box.appendChild(GC.h("p", { class: "gc-headline" }, GC.h("strong", { text: head[0] }), GC.h("span", { text: head[1] })));
  if (!tier) box.appendChild(GC.h("p", { class: "gc-note", text: GC.t("no_tiers") }));
  if (tier && tier.straight) box.appendChild(GC.h("p", { class: "gc-straight", text: GC.straightHead(tier) }));
  GC.append(box, GC.bar(tier));
  box.appendChild(GC.h("div", { class: "gc-cards" }, GC.cards(tier).map(function (card) {
    return GC.h("div", { class: "gc-card" }, GC.h("b", { text: card[0] }), GC.h("span", { text: card[1] }), card[2] ? GC.h("small", { text: card[2] }) : null);
  })));
};

GC.tierLabel = function (tier) {
  return GC.isMinutesShared(tier) ? GC.pick(tier.title) : GC.t("tier_short", { minutes: GC.number(tier.minutes) });
};
GC.isMinutesShared = function (tier) {
  return GC.data.tiers.filter(function (one) { return one.minutes === tier.minutes; }).length > 1;
};
/** The circles of a tier in the layers and the legend, with how far they reach. */
GC.circlesLabel = function (tier) {
  if (GC.isMinutesShared(tier)) return GC.pick(tier.title) + GC.t("paren", { text: GC.reachOf(tier) });
  return GC.t("layer_circles", { title: GC.tierLabel(tier), reach: GC.reachOf(tier) });
};

GC.basisOf = function (tier) {
  var basis = tier.summary.demand_basis;
  if (basis) return basis;
  return tier.summary.residents_share !== null && tier.summary.residents_share !== undefined ? "residents" : "area";
};
GC.shareOf = function (tier) {
  var basis = GC.basisOf(tier), summary = tier.summary;
  var order = basis === "area" ? ["area_share"] : basis === "households" ? ["households_share", "residents_share"] : ["residents_share", "households_share"];
  return order.concat("area_share").map(function (name) { return summary[name]; }).filter(function (share) {
    return share !== null && share !== undefined;
  })[0];
};

GC.coveredHead = function (tier) {
  return [GC.percent(GC.shareOf(tier)), GC.t("head_" + GC.basisOf(tier), {
    minutes: GC.number(tier.minutes), reach: GC.reachOf(tier)
  })];
};
/** What the straight line says of the same tier: the other truth. */
GC.straightHead = function (tier) {
  return GC.t("head_straight", { share: GC.percent(GC.shareOf({ summary: L.extend({}, tier.straight, { demand_basis: GC.basisOf(tier) }) })), metres: GC.number(tier.distance_m, 0) });
};
GC.reachOf = function (tier) {
  return GC.t(tier.summary.model === "network" ? "reach_network" : "reach_radius", { metres: GC.number(tier.distance_m, 0) });
};
GC.findingsHead = function () {
  var n = GC.data.grids.id.filter(function (_, i) { return GC.worst(i) !== "none"; }).length;
  return [GC.number(n), GC.t("head_findings", { n: GC.number(GC.data.grids.id.length) })];
};

/** Base grids by class as one bar; by their worst finding where nothing was judged. */
GC.bar = function (tier) {
  var classes = tier ? GC.column("class") || [] : [], keys = tier ? GC.CLASSES : ["none", "info", "warning", "error"];
  var count = {}, total = 0;
  GC.data.grids.id.forEach(function (_, i) {
    var key = tier ? classes[i] : GC.worst(i);
    if (GC.model.isDedicated[i] || keys.indexOf(key) < 0) return;
    count[key] = (count[key] || 0) + 1; total++;
  });
  var bar = GC.h("div", { class: "gc-bar", role: "img" }), texts = [];
  keys.forEach(function (key) {
    if (!count[key]) return;
    var name = GC.t((tier ? "class_" : "worst_") + key), part = GC.h("span", { class: "gc-bar-" + key });
    part.style.flexGrow = String(count[key]);
    part.style.backgroundColor = GC.COLOURS[key];
    part.title = name + " " + GC.number(count[key]) + " · " + GC.percent(count[key] / total);
    texts.push(part.title);
    bar.appendChild(part);
  });
  var caption = GC.t(tier ? "bar_caption" : "bar_caption_findings");
  bar.setAttribute("aria-label", caption + ": " + texts.join(", "));
  var short = keys.filter(function (key) { return count[key]; }).map(function (key) {
    return GC.t((tier ? "class_" : "worst_") + key) + " " + GC.number(count[key]);
  });
  return [bar, GC.h("p", { class: "gc-caption", text: caption + GC.t("colon") + short.join(" · ") })];
};

GC.cards = function (tier) {
  var data = GC.data, orphans = (data.grids.is_orphan || []).filter(function (value) { return value === 1; }).length;
  var dedicated = GC.model.isDedicated.filter(Boolean).length;
  var cards = [[GC.number(data.grids.id.length), GC.t("card_grids"), dedicated ? GC.t("card_dedicated", { n: GC.number(dedicated) }) : ""]];
  if (!tier) {
    if (data.units.id.length) cards.push([GC.number(data.units.id.length), GC.t("card_units")]);
    cards.push([GC.number(data.findings.rule.length), GC.t("card_findings")]);
  } else {
    cards.push([GC.number(data.sites.id.length), GC.t("card_sites")]);
    cards.push(GC.uncovered(tier) || [GC.number(tier.summary.n_blank), GC.t("card_blank")]);
  }
  var lone = GC.model.isLoneOrphan.filter(Boolean).length;
  cards.push([GC.number(orphans), GC.t("card_orphans"), orphans > lone ? GC.t("card_orphans_blank", { n: GC.number(orphans - lone) }) : ""]);
  return cards;
};

/** Residents, households or area outside the circles, summed over the base grids; null where not known. */
GC.uncovered = function (tier) {
  var basis = GC.basisOf(tier), share = GC.column(basis === "area" ? "covered_area_share" : "covered_residents_share");
  var column = { residents: "residents", households: "households", area: "area_m2" }[basis];
  var weight = column ? GC.data.grids[column] : null, judged = GC.column("demand_basis");
  if (!weight || !share) return null;
  var sum = 0;
  GC.data.grids.id.forEach(function (_, i) {
    if (GC.model.isDedicated[i] || weight[i] === null || weight[i] < 0 || share[i] === null || share[i] === undefined) return;
    if (judged && basis !== "area" && judged[i] !== basis) return;
    sum += weight[i] * (1 - share[i]);
  });
  return [basis === "area" ? GC.number(sum / 1e6, 1) : GC.shortNumber(Math.round(sum)), GC.t("card_uncovered_" + basis)];
};
