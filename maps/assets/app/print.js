/* Sheets to print: #print=a3 (the whole area), #print=communities (A3, one a community), #print=a0 (wall map). */
"use strict";

GC.SHEETS = {
  a3: { css: "gc-sheet-a3", mm: 420, width: 1130, height: 965, rows: 18, label: 12 },
  communities: { css: "gc-sheet-a3", mm: 420, width: 1130, height: 965, rows: 18, label: 12 },
  a0: { css: "gc-sheet-a0", mm: 1189, width: 3560, height: 2880, rows: 60, label: 22 }
};
GC.MOST_SHEETS = 400;

/** Show the sheets of a kind in place of the page; false for a kind that is not known. */
GC.showSheets = function (kind) {
  var form = Object.prototype.hasOwnProperty.call(GC.SHEETS, kind) ? GC.SHEETS[kind] : null;
  if (!form) return false;
  GC.hideSheets();
  GC.sheetsFrom = document.activeElement;
  var box = GC.h("div", { class: "gc-print", id: "gc-print" }), units = kind === "communities" ? GC.lowestUnits() : [null];
  var left = units.length - GC.MOST_SHEETS;
  box.appendChild(GC.h("div", { class: "gc-print-tools" },
    GC.h("button", { type: "button", class: "gc-more", onclick: function () { window.print(); } }, GC.t("print_now")),
    GC.h("button", { type: "button", class: "gc-more", onclick: function () { GC.hideSheets(); GC.writeHash(); } }, GC.t("print_back")),
    GC.h("span", { text: units.length ? GC.t("print_sheets", { n: GC.number(Math.min(units.length, GC.MOST_SHEETS)) }) : GC.t("print_none") }),
    left > 0 ? GC.h("span", { text: GC.t("print_left", { n: GC.number(left) }) }) : null));
  box.style.setProperty("--fit", String(Math.min(1, (window.innerWidth - 20) / (form.mm * 96 / 25.4)))); // on the screen only
  units.slice(0, GC.MOST_SHEETS).forEach(function (unit) { box.appendChild(GC.sheet(form, unit)); });
  document.body.appendChild(box);
  document.documentElement.classList.add("gc-printing");
  box.querySelector("button").focus();
  return true;
};
GC.hideSheets = function () {
  var box = document.getElementById("gc-print");
  document.documentElement.classList.remove("gc-printing");
  if (!box) return;
  box.parentNode.removeChild(box);
  GC.sheetsFrom.focus({ preventScroll: true });
};

/** Units of the lowest level that have a shape, in order of id. */
GC.lowestUnits = function () {
  var level = GC.data.units.level || [], lowest = GC.data.levels[GC.data.levels.length - 1], shapes = GC.data.shapes.units;
  return GC.data.units.id.map(function (_, i) { return i; }).filter(function (i) {
    return level[i] === lowest && shapes.first[i + 1] > shapes.first[i];
  });
};

GC.sheet = function (form, unit) {
  var project = GC.data.project, marks = project.marks || {}, title = project.title || project.id;
  var name = unit === null ? title : GC.unitName(unit), map = GC.sheetMap(form, unit, name);
  return GC.h("section", { class: "gc-sheet " + form.css },
    GC.h("header", { class: "gc-sheet-head" },
      GC.h("div", {}, GC.h("h1", { text: name }), GC.h("p", { text: (unit === null ? "" : title + " · ") + GC.made() })),
      marks.mark ? GC.h("strong", { class: "gc-sheet-mark", text: marks.mark }) : null),
    GC.h("div", { class: "gc-sheet-map" }, map),
    GC.h("aside", { class: "gc-sheet-side" }, GC.sheetFigures(unit), GC.sheetLegend(), GC.sheetFindings(form, unit)),
    GC.h("footer", { class: "gc-sheet-foot" },
      GC.h("span", { text: GC.t("footer", { crs: project.crs.slice(0, 40), model: GC.t("model_" + project.model) }) + GC.simplified() }),
      GC.h("span", { text: GC.t("print_approval", { number: marks.approval_number || "＿＿＿＿＿＿＿＿" }) })));
};

GC.sheetMap = function (form, unit, name) {
  var box = unit === null ? GC.model.extent : GC.boxOf(GC.data.shapes.units, unit), ctx = new GC.SvgContext(form.width, form.height, name);
  var pad = unit === null ? 0.03 : 0.12, w = (box[2] - box[0]) * (1 + 2 * pad), h = (box[3] - box[1]) * (1 + 2 * pad);
  var scale = Math.min(form.width / w, form.height / h), mx = (box[0] + box[2]) / 2, my = (box[1] + box[3]) / 2;
  var view = {
    scale: scale, dx: mx * scale - form.width / 2, dy: my * scale - form.height / 2, size: Math.max(form.width, form.height),
    ratio: 1, zoom: Math.log(scale) / Math.LN2
  };
  ctx.fillStyle = "#eef1f4";
  ctx.fillRect(0, 0, form.width, form.height);
  GC.paintTile(ctx, view);
  if (unit !== null) {
    ctx.beginPath();
    GC.trace(ctx, GC.data.shapes.units, unit, view, true);
    ctx.setLineDash([]); ctx.strokeStyle = "#10161d"; ctx.lineWidth = 3.2; ctx.stroke();
  }
  GC.sheetLabels(ctx, view, form, unit);
  GC.sheetScale(ctx, view, form, my);
  return ctx.root;
};

/** Names of units and, where there is room, of grids; none covers another. */
GC.sheetLabels = function (ctx, view, form, unit) {
  var taken = [], place = function (shapes, i, text, size, weight, need) {
    var width = GC.textWidth(text, size) + 4;
    if ((shapes.box[4 * i + 2] - shapes.box[4 * i]) * view.scale < width * need) return;
    var anchor = GC.anchor(shapes, i), x = anchor[0] * view.scale - view.dx, y = anchor[1] * view.scale - view.dy;
    var mine = [x - width / 2, y - size, x + width / 2, y + size * 0.4];
    if (mine[0] < 0 || mine[1] < 0 || mine[2] > form.width || mine[3] > form.height) return;
    if (taken.some(function (b) { return b[0] < mine[2] && b[2] > mine[0] && b[1] < mine[3] && b[3] > mine[1]; })) return;
    taken.push(mine);
    ctx.text(x, y + size * 0.35, text, size, weight);
  };
  if (unit === null) {
    GC.data.units.id.forEach(function (_, i) {
      if (!isFinite(GC.data.shapes.units.box[4 * i])) return;
      var share = GC.unitShare(i), isTop = GC.data.units.level[i] === GC.data.levels[0];
      place(GC.data.shapes.units, i, GC.unitName(i) + (share === null ? "" : " " + GC.percent(share, 0)), form.label * (isTop ? 1.35 : 1), isTop ? 700 : 600, 0.8);
    });
  }
  if (GC.cellPixels(view) > form.label * 4) {
    GC.inView(GC.data.shapes.grids, view, 0).forEach(function (i) { place(GC.data.shapes.grids, i, GC.gridName(i), form.label * 0.95, 400, 1); });
  }
};

GC.sheetScale = function (ctx, view, form, y) {
  var lat = GC.latLng(0, y).lat, metre = view.scale * 256 / (40075016.686 * Math.cos(lat * Math.PI / 180));
  var most = form.width / 6 / metre, unit = Math.pow(10, Math.floor(Math.log(most) / Math.LN10));
  var length = (most >= 5 * unit ? 5 : most >= 2 * unit ? 2 : 1) * unit, s = form.label, x = s * 2, foot = form.height - s * 2;
  ctx.fillStyle = "#fff"; ctx.fillRect(x - s, foot - s * 2.4, length * metre + s * 2, s * 3.4);
  ctx.setLineDash([]); ctx.strokeStyle = "#10161d"; ctx.lineWidth = s / 6;
  ctx.beginPath(); ctx.moveTo(x, foot - s * 0.6); ctx.lineTo(x, foot); ctx.lineTo(x + length * metre, foot); ctx.lineTo(x + length * metre, foot - s * 0.6); ctx.stroke();
  ctx.text(x + length * metre / 2, foot - s * 0.5, length >= 1000 ? length / 1000 + " km" : length + " m", s);
  ctx.beginPath(); ctx.moveTo(form.width - s * 2, s); ctx.lineTo(form.width - s * 1.3, s * 3.2); ctx.lineTo(form.width - s * 2, s * 2.7); ctx.lineTo(form.width - s * 2.7, s * 3.2); ctx.closePath();
  ctx.fillStyle = "#10161d"; ctx.fill();
  ctx.text(form.width - s * 2, s * 4.4, "N", s, 700);
};

GC.sheetFigures = function (unit) {
  var tier = GC.tierOf(GC.state.tier), box = GC.h("div", { class: "gc-sheet-figures" });
  if (unit === null) {
    var head = tier ? GC.coveredHead(tier) : GC.findingsHead();
    box.appendChild(GC.h("p", { class: "gc-headline" }, GC.h("strong", { text: head[0] }), GC.h("span", { text: head[1] })));
    GC.append(box, GC.bar(tier));
    GC.append(box, GC.rows(GC.cards(tier).map(function (card) { return [card[1], card[0] + (card[2] ? " · " + card[2] : "")]; })));
    return box;
  }
  var share = GC.unitShare(unit);
  if (tier && share !== null) {
    box.appendChild(GC.h("p", { class: "gc-headline" }, GC.h("strong", { text: GC.percent(share) }), GC.h("span", { text: GC.coveredHead(tier)[1] })));
  }
  box.appendChild(GC.rows([
    [GC.t("field_id"), GC.data.units.id[unit]],
    [GC.t("field_parent"), GC.parentName(GC.value("units", "parent_id", unit))],
    [GC.t("field_grids"), GC.count("units", "n_grids_base", unit)],
    [GC.t("card_orphans"), GC.count("units", "n_orphans", unit)],
    [GC.t("field_residents"), GC.count("units", "residents", unit)]
  ]));
  return box;
};

GC.sheetSwatch = function (draw) {
  var ctx = new GC.SvgContext(26, 16);
  ctx.root.setAttribute("class", "gc-swatch");
  ctx.root.setAttribute("aria-hidden", "true");
  draw(ctx, 1);
  return ctx.root;
};

/** The legend as plain rows: the rows of the page's legend, drawn once more as SVG. */
GC.sheetLegend = function () {
  var rows = [], row = function (swatch, text) { rows.push(GC.h("li", {}, GC.sheetSwatch(swatch), GC.h("span", { text: text }))); };
  GC.legendClasses().forEach(function (one) {
    row(function (ctx) {
      ctx.fillStyle = one.colour; ctx.fillRect(1, 1, 24, 14);
      if (GC.TEXTURES[one.key]) { ctx.texture(GC.TEXTURES[one.key]); ctx.fillRect(1, 1, 24, 14); }
    }, one.text + (one.hint ? " · " + one.hint : ""));
  });
  GC.data.tiers.forEach(function (tier) {
    if (!GC.state.layers.circles[tier.id] || GC.data.circles.key.indexOf(tier.id) < 0) return;
    row(function (ctx) {
      ctx.strokeStyle = "#0a468f"; ctx.lineWidth = 1.8; ctx.setLineDash(GC.tierDash(tier.id));
      ctx.beginPath(); ctx.moveTo(1, 8); ctx.lineTo(25, 8); ctx.stroke();
    }, GC.circlesLabel(tier));
  });
  GC.MARKED.concat("orphan").forEach(function (group) {
    row(function (ctx) { GC.drawMarkSwatch(ctx, 1, group); }, GC.t("mark_" + group));
  });
  GC.model.categories.rows.forEach(function (one, kind) {
    row(function (ctx) { GC.drawSymbol(ctx, kind, 13, 8, 6); }, one.other ? GC.t("site_other") : one.name || GC.t("site_any"));
  });
  return GC.h("div", {}, GC.h("h2", { text: GC.t("legend") }), GC.h("ul", { class: "gc-sheet-legend" }, rows));
};

GC.sheetFindings = function (form, unit) {
  var id = unit === null ? null : GC.data.units.id[unit], parents = GC.data.grids.parent_id || [], findings = GC.data.findings;
  var list = GC.listed(null).filter(function (f) {
    return unit === null || findings.units[f].indexOf(unit) >= 0 || findings.grids[f].some(function (g) { return parents[g] === id; });
  });
  var rows = list.slice(0, form.rows).map(function (f) {
    var people = GC.value("findings", "residents", f), rule = GC.data.rules[findings.rule[f]];
    return GC.h("tr", {}, GC.h("td", { text: findings.rule[f] }), GC.h("td", { text: rule ? GC.pick(rule.title) : "" }),
      GC.h("td", { text: GC.findingPlace(f) }), GC.h("td", { text: people === null ? "" : GC.people(people) }));
  });
  return GC.h("div", { class: "gc-sheet-list" }, GC.h("h2", { text: GC.t("list_title") + GC.t("colon") + GC.number(list.length) }),
    rows.length ? GC.h("table", {}, rows) : GC.h("p", { class: "gc-note", text: GC.t("list_empty") }),
    list.length > form.rows ? GC.h("p", { class: "gc-note", text: GC.t("print_more", { n: GC.number(list.length - form.rows) }) }) : null);
};
