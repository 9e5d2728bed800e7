/* What the page derives from the tables: classes, counts, ranking, places. */
"use strict";

GC.COLOURS = {
  blank: "#ee8a4a", thin: "#bcd6eb", adequate: "#5d9fd1", crowded: "#235c9f", unknown: "#f1f2f4",
  error: "#d95f2b", warning: "#f6c67f", info: "#c9d9e8", none: "#8fb9dc",
  steps: ["#12407f", "#2f74b5", "#6fadd9", "#bcd6eb", "#fbd3a4", "#ee8a4a"],
  people: ["#e8f1f8", "#bcd6eb", "#84b6dc", "#4a8cc6", "#235c9f", "#0f3a6e"]
};
GC.GROUP_COLOURS = { blank: "#b8430a", overlap: "#6b2f9c", gap: "#a3123f", orphan: "#1d2733", other: "#5b6b7b" };
GC.CLASSES = ["crowded", "adequate", "thin", "blank", "unknown"];
GC.MINUTE_STEPS = [3, 5, 10, 15, 20];

GC.model = {};

GC.prepare = function () {
  var data = GC.data, model = GC.model, grids = data.grids, n = grids.id.length;
  model.unitAt = GC.indexOf(data.units.id);
  model.gridAt = GC.indexOf(grids.id);
  model.siteAt = GC.indexOf(data.sites.id);
  model.finerAt = GC.indexOf(data.finers.id);
  model.findingAt = GC.indexOf(data.findings.finding_id || []);
  model.isDedicated = grids.id.map(function (_, i) { return !!grids.kind && grids.kind[i] === "dedicated"; });
  model.findingsOf = grids.id.map(function () { return []; });
  data.findings.grids.forEach(function (list, f) { list.forEach(function (g) { model.findingsOf[g].push(f); }); });
  model.texts = [];
  model.groups = data.findings.rule.map(function (_, f) { return GC.groupOf(f); });
  model.order = GC.ranked();
  model.categories = GC.categories();
  model.ownAt = []; // finding → position of its own shape, or -1
  var own = 0;
  (data.findings.is_own || []).forEach(function (has) { model.ownAt.push(has ? own++ : -1); });
  model.order2 = []; // base grids first, dedicated ones on top
  for (var pass = 0; pass < 2; pass++) {
    for (var i = 0; i < n; i++) if (model.isDedicated[i] === (pass === 1)) model.order2.push(i);
  }
  model.peopleSteps = GC.peopleSteps();
};

GC.indexOf = function (ids) {
  var at = new Map();
  ids.forEach(function (id, i) { if (!at.has(id)) at.set(id, i); });
  return at;
};

GC.tierOf = function (id) {
  return GC.data.tiers.filter(function (tier) { return tier.id === id; })[0] || null;
};

/** Modes of colouring that this audit has data for. */
GC.modes = function () {
  var modes = [];
  if (GC.data.tiers.length) modes.push("class", "minutes");
  if (GC.data.grids.residents && GC.data.grids.residents.some(function (v) { return v > 0; })) modes.push("residents");
  modes.push("findings");
  return modes;
};

GC.column = function (name) {
  var tier = GC.data.grid_tiers[GC.state.tier];
  return tier && tier[name] ? tier[name] : null;
};

/** Share of a grid by straight line in the chosen tier, null where the verdict is by straight line anyway. */
GC.straight = function (i) {
  var shares = GC.data.grid_straight && GC.data.grid_straight[GC.state.tier];
  return shares && shares[i] !== undefined ? shares[i] : null;
};

/** Class of every grid by the chosen mode and tier: a key of `GC.legendClasses()`. */
GC.classesOf = function () {
  var grids = GC.data.grids, mode = GC.state.mode, values;
  if (mode === "class") {
    values = GC.column("class") || [];
    return grids.id.map(function (_, i) { return GC.CLASSES.indexOf(values[i]) >= 0 ? values[i] : "unknown"; });
  }
  if (mode === "minutes") {
    values = GC.column("nearest_minutes") || [];
    return grids.id.map(function (_, i) { return GC.step(values[i], GC.MINUTE_STEPS); });
  }
  if (mode === "residents") {
    return grids.id.map(function (_, i) { return GC.step(grids.residents[i], GC.model.peopleSteps); });
  }
  return grids.id.map(function (_, i) { return GC.worst(i); });
};

GC.step = function (value, steps) {
  if (value === null || value === undefined) return "unknown";
  if (value < 0) return "s1"; // a count too small to be shown
  for (var i = 0; i < steps.length; i++) if (value <= steps[i]) return "s" + i;
  return "s" + steps.length;
};

GC.worst = function (grid) {
  var found = "none", rank = { none: 0, info: 1, warning: 2, error: 3 };
  GC.model.findingsOf[grid].forEach(function (f) {
    var severity = GC.data.findings.severity[f];
    if (GC.inTier(f) && rank[severity] > rank[found]) found = severity;
  });
  return found;
};

/** Legend rows of the grids: key, text, colour, texture. */
GC.legendClasses = function () {
  var colours = GC.COLOURS, mode = GC.state.mode;
  if (mode === "class") {
    return GC.CLASSES.map(function (key) {
      var hint = key === "thin" ? GC.t("hint_thin", { share: GC.percent(GC.data.project.thin_below_share, 0) })
        : key === "blank" || key === "crowded" ? GC.t("hint_" + key) : "";
      return { key: key, text: GC.t("class_" + key), hint: hint, colour: colours[key] };
    });
  }
  if (mode === "findings") {
    return ["error", "warning", "info", "none"].map(function (key) {
      return { key: key, text: GC.t("worst_" + key), colour: colours[key] };
    });
  }
  var isTime = mode === "minutes", steps = isTime ? GC.MINUTE_STEPS : GC.model.peopleSteps;
  var rows = steps.map(function (to, i) {
    return { key: "s" + i, text: GC.stepText(steps, i, isTime), colour: (isTime ? colours.steps : colours.people)[i] };
  });
  rows.push({
    key: "s" + steps.length, colour: (isTime ? colours.steps : colours.people)[steps.length],
    text: GC.t(isTime ? "minutes_over" : "residents_over", { from: GC.number(steps[steps.length - 1]) })
  });
  rows.push({ key: "unknown", text: GC.t("no_data"), colour: colours.unknown });
  return rows;
};

GC.stepText = function (steps, i, isTime) {
  if (!isTime && i === 0) return GC.t("residents_zero");
  if (i === 0) return GC.t("minutes_to", { to: steps[0] });
  var from = isTime ? steps[i - 1] : steps[i - 1] + 1;
  return GC.t(isTime ? "minutes_between" : "residents_between", { from: GC.number(from), to: GC.number(steps[i]) });
};

/** Round limits that part the inhabited grids into five about equal groups; the first is nobody. */
GC.peopleSteps = function () {
  var values = (GC.data.grids.residents || []).filter(function (v) { return v > 0; }).sort(function (a, b) { return a - b; });
  var steps = [0];
  [0.2, 0.4, 0.6, 0.8].forEach(function (share) {
    var value = values[Math.floor(share * values.length)] || 1;
    var unit = Math.pow(10, Math.max(0, Math.floor(Math.log(value) / Math.LN10) - 1));
    var round = Math.max(1, Math.round(value / unit) * unit);
    if (round > steps[steps.length - 1]) steps.push(round);
  });
  return steps;
};

/** True for a finding of no tier, or of the chosen one, or when all are asked for. */
GC.inTier = function (f) {
  var tier = GC.data.findings.tier ? GC.data.findings.tier[f] : null;
  return GC.state.allTiers || tier === null || tier === undefined || tier === GC.state.tier || !GC.data.tiers.length;
};

GC.groupOf = function (f) {
  var rule = GC.data.rules[GC.data.findings.rule[f]], defect = (GC.data.findings.defect || [])[f];
  if (defect === "overlap" || defect === "gap") return defect;
  return rule ? rule.group : "other";
};

GC.ranked = function () {
  var findings = GC.data.findings, rank = { error: 0, warning: 1, info: 2 };
  return findings.finding_id.map(function (_, i) { return i; }).sort(function (a, b) {
    return rank[findings.severity[a]] - rank[findings.severity[b]]
      || ((findings.residents || [])[b] || 0) - ((findings.residents || [])[a] || 0)
      || (findings.rule[a] < findings.rule[b] ? -1 : findings.rule[a] > findings.rule[b] ? 1 : 0)
      || ((findings.measure || [])[b] || 0) - ((findings.measure || [])[a] || 0) || a - b;
  });
};

/** Kinds of sites, the commonest first, at most seven and the rest as one. */
GC.categories = function () {
  var count = new Map(), given = GC.data.sites.category;
  GC.data.sites.id.forEach(function (_, i) {
    var key = given && given[i] !== null ? given[i] : "";
    count.set(key, (count.get(key) || 0) + 1);
  });
  var names = Array.from(count.keys()).sort(function (a, b) { return count.get(b) - count.get(a); });
  var many = names.length > 7, kept = many ? names.slice(0, 6) : names, at = new Map();
  var rows = kept.map(function (name, i) { at.set(name, i); return { name: name, n: count.get(name), other: false }; });
  if (many) {
    rows.push({ name: "", n: names.slice(6).reduce(function (s, k) { return s + count.get(k); }, 0), other: true });
  }
  return {
    rows: rows,
    of: GC.data.sites.id.map(function (_, i) {
      var key = given && given[i] !== null ? given[i] : "";
      return at.has(key) ? at.get(key) : 6;
    })
  };
};

/* Names. */
GC.gridName = function (i) { var names = GC.data.grids.name; return (names && names[i]) || GC.data.grids.id[i]; };
GC.siteName = function (i) { var names = GC.data.sites.name; return (names && names[i]) || GC.data.sites.id[i]; };
GC.finerName = function (i) { var names = GC.data.finers.name; return (names && names[i]) || GC.data.finers.id[i]; };
/** What the data calls the finer levels of grids, as 微网格. */
GC.finerLevels = function () { return Array.from(new Set(GC.data.finers.level || [])).join(GC.t("list_comma")) || GC.t("thing_finer"); };
GC.unitName = function (i) { var names = GC.data.units.name; return (names && names[i]) || GC.data.units.id[i]; };
GC.levelName = function (level) { return GC.has("level_" + level) ? GC.t("level_" + level) : level || ""; };
GC.parentName = function (id) {
  if (id === null || id === undefined) return null;
  var at = GC.model.unitAt.get(id);
  return at === undefined ? id : GC.unitName(at);
};
GC.findingPlace = function (f) {
  var findings = GC.data.findings, grids = findings.grids[f], parts = [];
  var unit = findings.units[f].length ? GC.unitName(findings.units[f][0]) : null;
  if (unit === null && grids.length && GC.data.grids.parent_id) unit = GC.parentName(GC.data.grids.parent_id[grids[0]]);
  if (unit) parts.push(unit);
  var names = grids.map(GC.gridName).concat(findings.finers[f].map(GC.finerName));
  if (names.length) {
    var first = names.slice(0, 2).join(GC.t("list_comma"));
    parts.push(names.length > 2 ? first + GC.t("and_more", { n: GC.number(names.length) }) : first);
  } else if (findings.sites[f].length) {
    parts.push(GC.siteName(findings.sites[f][0]));
  }
  return parts.length ? parts.join(" · ") : GC.t("city_wide");
};
/** Box (world pixels) of a finding: its own shape, else its grids, sites or units. */
GC.findingBox = function (f) {
  var own = GC.model.ownAt[f], findings = GC.data.findings, shapes = GC.data.shapes;
  if (own >= 0) return GC.boxOf(shapes.findings, own);
  var of = function (name, list) { return list.map(function (i) { return GC.boxOf(shapes[name], i); }); };
  return GC.joinBoxes(of("grids", findings.grids[f])) || GC.joinBoxes(of("finers", findings.finers[f]))
    || GC.joinBoxes(of("sites", findings.sites[f])) || GC.joinBoxes(of("units", findings.units[f]));
};
