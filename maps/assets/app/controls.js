/* On the right: how to colour, which layers, and the legend whose rows filter. */
"use strict";

GC.drawControls = function () {
  GC.drawLayers(GC.boxes_.layers);
  GC.drawLegend(GC.boxes_.legend);
};

GC.makeControls = function (main) {
  GC.boxes_ = {
    layers: GC.h("details", { class: "gc-box gc-layers", open: window.innerWidth > 700 }),
    legend: GC.h("details", { class: "gc-box gc-legend", open: window.innerWidth > 700 })
  };
  main.appendChild(GC.h("div", { class: "gc-side" }, GC.boxes_.layers, GC.boxes_.legend));
  [GC.boxes_.layers, GC.boxes_.legend].forEach(function (box) {
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
  });
};

GC.drawLayers = function (box) {
  GC.clear(box);
  var layers = GC.state.layers, modes = GC.modes(), data = GC.data;
  box.appendChild(GC.h("summary", { text: GC.t("layers") }));
  if (modes.length > 1) {
    box.appendChild(GC.segments(GC.t("show_by"), modes.map(function (mode) { return [mode, GC.t("mode_" + mode)]; }), GC.state.mode, function (mode) {
      GC.state.mode = mode;
      GC.state.hidden = {};
      GC.tell("colours");
    }));
  }
  var list = GC.h("div", { class: "gc-checks" });
  if (GC.base) list.appendChild(GC.check(GC.t("layer_base"), layers, "base"));
  if (GC.sizeOf("streets") + GC.sizeOf("streets_rest")) list.appendChild(GC.check(GC.t("layer_streets"), layers, "streets"));
  if (data.units.id.length) list.appendChild(GC.check(GC.t("layer_units"), layers, "units"));
  if (data.finers.id.length) list.appendChild(GC.check(GC.finerLevels(), layers, "finers"));
  data.tiers.forEach(function (tier) {
    if (data.circles.key.indexOf(tier.id) < 0) return;
    var text = GC.circlesLabel(tier);
    list.appendChild(GC.check(text, layers.circles, tier.id, GC.swatch(function (ctx) {
      ctx.strokeStyle = "#0a468f"; ctx.lineWidth = 1.8; ctx.setLineDash(GC.tierDash(tier.id));
      ctx.beginPath(); ctx.moveTo(1, 8); ctx.lineTo(25, 8); ctx.stroke();
    })));
  });
  var chosen = GC.tierOf(GC.state.tier);
  if (chosen && data.circles.key.indexOf(chosen.id + " straight") >= 0) {
    list.appendChild(GC.check(GC.t("layer_straight", { title: GC.tierLabel(chosen), metres: GC.number(chosen.distance_m, 0) }), layers, "straight", GC.swatch(function (ctx) {
      ctx.strokeStyle = GC.STRAIGHT_COLOUR; ctx.lineWidth = 1.8;
      ctx.beginPath(); ctx.moveTo(1, 8); ctx.lineTo(25, 8); ctx.stroke();
    })));
  }
  if (data.sites.id.length) list.appendChild(GC.check(GC.t("layer_sites"), layers, "sites"));
  list.appendChild(GC.check(GC.t("layer_findings"), layers, "findings"));
  list.appendChild(GC.check(GC.t("layer_labels"), layers, "labels"));
  box.appendChild(list);
  box.appendChild(GC.h("div", { class: "gc-prints" }, GC.h("span", { text: GC.t("print") }), ["a3", "communities", "a0"].map(function (kind) {
    if (kind === "communities" && !GC.lowestUnits().length) return null;
    return GC.h("button", { type: "button", class: "gc-inline", "data-print": kind, onclick: function (event) {
      event.stopPropagation();
      GC.showSheets(kind);
    } }, GC.t("print_" + kind));
  })));
};

GC.check = function (text, store, name, swatch) {
  return GC.h("label", {}, GC.h("input", { type: "checkbox", checked: !!store[name], "data-layer": name, onchange: function (event) {
    store[name] = event.target.checked;
    GC.tell("layers");
  } }), GC.h("span", { text: text }), swatch);
};

GC.drawLegend = function (box) {
  GC.clear(box);
  box.appendChild(GC.h("summary", { text: GC.t("legend"), title: GC.t("legend_hint") }));
  var count = {}, total = 0, list = GC.h("div", { class: "gc-keys" });
  GC.model.classes.forEach(function (key, i) {
    if (GC.model.isDedicated[i]) return;
    count[key] = (count[key] || 0) + 1; total++;
  });
  GC.legendClasses().forEach(function (row) {
    if (!count[row.key] && /^(unknown|info|s\d)$/.test(row.key)) return;
    var n = count[row.key] || 0;
    list.appendChild(GC.key(GC.state.hidden, row.key, GC.cellSwatch(row.key, row.colour), [row.text, row.hint],
      n ? GC.number(n) + " · " + GC.percent(n / total) : "0"));
  });
  box.appendChild(list);
  GC.drawMarks(box);
  if (GC.data.sites.id.length) {
    var sites = GC.h("div", { class: "gc-keys" });
    GC.model.categories.rows.forEach(function (row, kind) {
      var name = row.other ? GC.t("site_other") : row.name || GC.t("site_any");
      sites.appendChild(GC.key(GC.state.hiddenSites, kind, GC.swatch(function (ctx) { GC.drawSymbol(ctx, kind, 13, 8, 6); }), [name], GC.number(row.n)));
    });
    box.appendChild(sites);
  }
  box.appendChild(GC.h("p", { class: "gc-note", id: "gc-thinned", hidden: true }));
  GC.noteThinned();
};

GC.drawMarks = function (box) {
  var marks = GC.h("div", { class: "gc-keys" }), count = { overlap: 0, gap: 0, other: 0 }, total = { overlap: 0, gap: 0, other: 0 };
  GC.model.groups.forEach(function (group, f) {
    if (!(group in count) || !GC.inTier(f)) return;
    total[group]++;
    if (GC.model.ownAt[f] >= 0) count[group]++;
  });
  GC.MARKED.slice().reverse().forEach(function (group) {
    if (!count[group]) return;
    marks.appendChild(GC.key(GC.state.hidden, "mark_" + group, GC.markSwatch(group), [GC.t("mark_" + group), total[group] > count[group] ? GC.t("mark_other_hint") : ""],
      total[group] > count[group] ? GC.t("mark_of", { n: GC.number(count[group]), total: GC.number(total[group]) }) : GC.number(count[group])));
  });
  var orphans = GC.model.isLoneOrphan.filter(Boolean).length;
  if (orphans) marks.appendChild(GC.key(GC.state.hidden, "mark_orphan", GC.markSwatch("orphan"), [GC.t("mark_orphan")], GC.number(orphans)));
  if (GC.model.isDedicated.some(Boolean)) {
    marks.appendChild(GC.h("div", { class: "gc-key" }, GC.markSwatch("dedicated"), GC.h("span", { text: GC.t("class_dedicated") }),
      GC.h("span", { class: "gc-n", text: GC.number(GC.model.isDedicated.filter(Boolean).length) })));
  }
  if (marks.firstChild) box.appendChild(marks);
};

/** A row of the legend that hides or shows what it names. */
GC.key = function (store, name, swatch, texts, count) {
  return GC.h("button", { type: "button", class: "gc-key", "aria-pressed": store[name] ? "false" : "true", "data-key": name, onclick: function (event) {
    event.stopPropagation();
    store[name] = !store[name];
    GC.tell("layers");
  } }, swatch, GC.h("span", {}, texts[0], texts[1] ? GC.h("small", { text: " " + texts[1] }) : null), GC.h("span", { class: "gc-n", text: count }));
};

GC.cellSwatch = function (key, colour) {
  return GC.swatch(function (ctx, ratio) {
    ctx.fillStyle = colour; ctx.fillRect(1, 1, 24, 14);
    if (GC.TEXTURES[key]) { GC.fillTexture(ctx, GC.TEXTURES[key], ratio); ctx.fillRect(1, 1, 24, 14); }
    ctx.strokeStyle = key === "blank" ? "#98390a" : "rgba(29,39,51,.35)"; ctx.lineWidth = 1; ctx.strokeRect(1, 1, 24, 14);
  });
};

GC.markSwatch = function (group) {
  return GC.swatch(function (ctx, ratio) { GC.drawMarkSwatch(ctx, ratio, group); });
};
GC.drawMarkSwatch = function (ctx, ratio, group) {
  ctx.fillStyle = { overlap: "rgba(107,47,156,.55)", gap: "#a3123f", other: "rgba(91,107,123,.35)" }[group] || "#d4e4f1";
  ctx.fillRect(2, 2, 22, 12);
  if (group === "overlap") { GC.fillTexture(ctx, "dots", ratio); ctx.fillRect(2, 2, 22, 12); }
  ctx.strokeStyle = group === "dedicated" ? "#35506e" : GC.GROUP_COLOURS[group];
  ctx.lineWidth = group === "dedicated" ? 1.2 : 1.8;
  if (group === "orphan") ctx.setLineDash([5, 3]);
  if (group === "dedicated") ctx.setLineDash([3, 2]);
  ctx.strokeRect(2, 2, 22, 12);
};
