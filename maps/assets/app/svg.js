/* A drawing context that writes SVG: the painters of the canvas draw sheets to print with it, sharp at any size. */
"use strict";

GC.SVG = "http://www.w3.org/2000/svg";
GC.svgNode = function (tag, attributes) {
  var node = document.createElementNS(GC.SVG, tag);
  Object.keys(attributes || {}).forEach(function (name) { node.setAttribute(name, String(attributes[name])); });
  return node;
};

GC.SvgContext = function (width, height, label) {
  this.root = GC.svgNode("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": label || "" });
  this.defs = this.root.appendChild(GC.svgNode("defs"));
  this.path = ""; this.dash = []; this.lineWidth = 1; this.lineJoin = "miter";
  this.fillStyle = "#000"; this.strokeStyle = "#000";
};
(function (at) {
  var n = function (value) { return Math.round(value * 10) / 10; };
  at.beginPath = function () { this.path = ""; };
  at.moveTo = function (x, y) { this.path += "M" + n(x) + " " + n(y); };
  at.lineTo = function (x, y) { this.path += "L" + n(x) + " " + n(y); };
  at.closePath = function () { this.path += "Z"; };
  at.rect = function (x, y, w, h) { this.path += "M" + n(x) + " " + n(y) + "h" + n(w) + "v" + n(h) + "h" + n(-w) + "Z"; };
  at.arc = function (x, y, r) { // whole circles only
    this.path += "M" + n(x - r) + " " + n(y) + "a" + n(r) + " " + n(r) + " 0 1 0 " + n(2 * r) + " 0a" + n(r) + " " + n(r) + " 0 1 0 " + n(-2 * r) + " 0Z";
  };
  at.setLineDash = function (dash) { this.dash = dash; };
  at.fill = function () { this._add({ fill: this.fillStyle, "fill-rule": "evenodd" }); };
  at.stroke = function () {
    this._add({
      fill: "none", stroke: this.strokeStyle, "stroke-width": this.lineWidth, "stroke-linejoin": this.lineJoin,
      "stroke-dasharray": this.dash.length ? this.dash.join(" ") : "none"
    });
  };
  at.fillRect = function (x, y, w, h) { this.beginPath(); this.rect(x, y, w, h); this.fill(); };
  at.strokeRect = function (x, y, w, h) { this.beginPath(); this.rect(x, y, w, h); this.stroke(); };
  at._add = function (attributes) {
    if (!this.path) return;
    attributes.d = this.path;
    this.root.appendChild(GC.svgNode("path", attributes));
  };
  /** Fill with a texture of the canvas, as a pattern of lines or dots. */
  at.texture = function (name) {
    var id = "gc-tx-" + name;
    if (!this.defs.querySelector("#" + id)) {
      var size = 8, pattern = GC.svgNode("pattern", { id: id, width: size, height: size, patternUnits: "userSpaceOnUse" });
      if (name === "dots") {
        [[2, 2], [6, 6]].forEach(function (p) { pattern.appendChild(GC.svgNode("circle", { cx: p[0], cy: p[1], r: 1.1, fill: "#fff" })); });
      } else {
        pattern.appendChild(GC.svgNode("path", {
          d: name === "unknown" ? "M-1 9L9 -1" : "M-1 -1L9 9", "stroke-width": 1, fill: "none",
          stroke: { blank: "#b0704a", unknown: "#aab2bb", error: "#8a4a30" }[name]
        }));
      }
      this.defs.appendChild(pattern);
    }
    this.fillStyle = "url(#" + id + ")";
  };
  at.text = function (x, y, text, size, weight) {
    var node = GC.svgNode("text", {
      x: n(x), y: n(y), "font-size": size, "font-weight": weight || 400, "text-anchor": "middle", fill: "#10161d",
      stroke: "#fff", "stroke-width": size / 4, "stroke-linejoin": "round", "paint-order": "stroke"
    });
    node.textContent = text;
    this.root.appendChild(node);
  };
})(GC.SvgContext.prototype);
