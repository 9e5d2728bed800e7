/* Unzip the data: by the browser where it can, else by a small inflate of our own (RFC 1951, RFC 1952). */
"use strict";

GC.bytesOf = function (base64) {
  var text = atob(base64.trim()), bytes = new Uint8Array(text.length);
  for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};

GC.gunzip = function (bytes) {
  if (typeof DecompressionStream === "undefined") {
    return new Promise(function (resolve) { resolve(GC.inflate(bytes)); });
  }
  var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer().then(function (buffer) { return new Uint8Array(buffer); });
};

GC.inflate = function (source) {
  var view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  var out = new Uint8Array(view.getUint32(source.length - 4, true)), at = 0;
  var next = 10, hold = 0, held = 0;
  var LENGTH = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
  var LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  var BACK = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
  var ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

  function bits(n) {
    while (held < n) { hold |= source[next++] << held; held += 8; }
    var value = hold & ((1 << n) - 1);
    hold >>>= n; held -= n;
    return value;
  }
  function codes(lengths) {
    var count = new Uint16Array(16), start = new Uint16Array(16), symbols = new Uint16Array(lengths.length), i;
    for (i = 0; i < lengths.length; i++) count[lengths[i]]++;
    count[0] = 0;
    for (i = 1; i < 16; i++) start[i] = start[i - 1] + count[i - 1];
    for (i = 0; i < lengths.length; i++) if (lengths[i]) symbols[start[lengths[i]]++] = i;
    return { count: count, symbols: symbols };
  }
  function symbol(code) {
    var value = 0, first = 0, index = 0;
    for (var length = 1; length < 16; length++) {
      value |= bits(1);
      var n = code.count[length];
      if (value - n < first) return code.symbols[index + value - first];
      index += n; first = (first + n) << 1; value <<= 1;
    }
    throw new Error("inflate");
  }
  function block(literals, distances) {
    for (;;) {
      var s = symbol(literals);
      if (s < 256) { out[at++] = s; continue; }
      if (s === 256) return;
      var length = LENGTH[s - 257] + bits(LENGTH_BITS[s - 257]);
      var d = symbol(distances), back = BACK[d] + bits(d < 4 ? 0 : (d >> 1) - 1);
      for (var i = 0; i < length; i++, at++) out[at] = out[at - back];
    }
  }
  function dynamic() {
    var nLiteral = bits(5) + 257, nDistance = bits(5) + 1, nCode = bits(4) + 4, i;
    var lengths = new Uint8Array(19), all = new Uint8Array(nLiteral + nDistance);
    for (i = 0; i < nCode; i++) lengths[ORDER[i]] = bits(3);
    var code = codes(lengths);
    for (i = 0; i < all.length;) {
      var s = symbol(code), repeat = 1, value = s;
      if (s === 16) { value = all[i - 1]; repeat = 3 + bits(2); }
      else if (s === 17) { value = 0; repeat = 3 + bits(3); }
      else if (s === 18) { value = 0; repeat = 11 + bits(7); }
      while (repeat--) all[i++] = value;
    }
    block(codes(all.subarray(0, nLiteral)), codes(all.subarray(nLiteral)));
  }
  function fixed() {
    var lengths = new Uint8Array(288);
    lengths.fill(8, 0, 144); lengths.fill(9, 144, 256); lengths.fill(7, 256, 280); lengths.fill(8, 280);
    block(codes(lengths), codes(new Uint8Array(30).fill(5)));
  }
  function stored() {
    hold = 0; held = 0;
    var n = source[next] | (source[next + 1] << 8);
    next += 4;
    out.set(source.subarray(next, next + n), at);
    next += n; at += n;
  }
  var last = 0;
  while (!last) {
    last = bits(1);
    [stored, fixed, dynamic][bits(2)]();
  }
  return out;
};
