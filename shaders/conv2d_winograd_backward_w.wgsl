// dw[kh,kw,ci,co] = sum over n,oy,ox of x[n, oy+kh-top, ox+kw-left, ci] * dy[n,oy,ox,co] for a 3x3 kernel;  db[co] = sum of dy
// One invocation owns ${shared} input channels x ${quads} x 4 output channels and iterates over the tiles of 2x2 pixels of dy in its share of the
// images, two at a time. A tile takes 16 products per pair of channels instead of 36: it is the derivative of lib/winograd.wgsl. Four
// neighbors together own 16 output channels of each quad: each transforms x for one input channel and shares it. The shares of the images give parts of
// the sum, dw[part, kh,kw,ci, co], which sum_parts adds up. If a pool follows, a tile is the window of a pooled cell.
#if ${subgroups}
enable subgroups;
#endif
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<${out}>;
@group(0) @binding(2) var<storage, read_write> dw: array<${out}>;
#if ${use_bias}
@group(0) @binding(3) var<storage, read_write> db: array<${out}>;
#endif
#if ${pooled}
@group(0) @binding(4) var<storage, read> argmax: array<u32>;
#endif

override in_channels: u32;
override out_channels: u32;
override parts: u32;

struct Tile { image: u32, row: u32, column: u32, exists: bool, }

// Tiles along an axis of dy. naga cannot take a component of a vector of override constants, so each is computed separately.
fn tiles_along(size: u32) -> u32 {
#if ${pooled}
  return size;
#else
  return (size + 1u) / 2u;
#endif
}

fn tile_at(index: u32, end: u32) -> Tile {
  let rows = tiles_along(out_height);
  let columns = tiles_along(out_width);
  let at = min(index, end - 1u);
  return Tile(at / (rows * columns), 2u * (at / columns % rows), 2u * (at % columns), index < end);
}

fn x_of(t: Tile, r: u32, c: u32, ci: u32) -> f32 {
  let row = t.row + r - pad_top;
  let column = t.column + c - pad_left;
  let value = x[((t.image * in_height + row) * in_width + column) * in_channels + ci];
#if ${edges}
  return select(0.0, value, (row < in_height) & (column < in_width)); // below zero wraps around
#else
  return value;
#endif
}

// Four output channels of dy at the four pixels of a tile.
struct Gradient { p00: vec4f, p01: vec4f, p10: vec4f, p11: vec4f, }

fn gradient_of(t: Tile, co: u32) -> Gradient {
  let left = out_channels - co;
#if ${pooled}
  let at = ((t.image * out_height + t.row / 2u) * out_width + t.column / 2u) * out_channels + co;
  let winner = select(vec4f(), load_quad(at, left), t.exists);
  let word = argmax[at / 4u];
  let place = vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u);
%for i in 0..4
  let dy$i = select(vec4f(), winner, place == vec4u($iu));
%end
#else
  let at = ((t.image * out_height + t.row) * out_width + t.column) * out_channels + co;
  let beside = t.exists & (t.column + 1u < out_width);
  let below = t.exists & (t.row + 1u < out_height);
  let dy0 = select(vec4f(), load_quad(at, left), t.exists);
  let dy1 = select(vec4f(), load_quad(at + out_channels, left), beside);
  let dy2 = select(vec4f(), load_quad(at + out_width * out_channels, left), below);
  let dy3 = select(vec4f(), load_quad(at + (out_width + 1u) * out_channels, left), below & beside);
#endif
  return Gradient(dy0, dy1, dy2, dy3);
}

// The fourth is negative in Winograd's transformation, which is compensated at the end.
struct Gradients { p0: mat2x4f, p1: mat2x4f, p2: mat2x4f, p3: mat2x4f, }

fn of_gradients(y0: mat2x4f, y1: mat2x4f) -> Gradients { return Gradients(y0, y0 + y1, y0 - y1, y1); }

struct Taps { p0: vec4f, p1: vec4f, p2: vec4f, }

fn of_products(m0: vec4f, m1: vec4f, m2: vec4f, m3: vec4f) -> Taps {
  let outer = 0.5 * (m1 + m2);
  return Taps(m0 + outer, 0.5 * (m1 - m2), outer - m3);
}

const channels_a_unit = 4u * ${quads}u * ${shared}u; // of the neighbors together

@compute @workgroup_size(4 * ${tiles})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index % ${shared}u;
  let channel_tiles = (out_channels + channels_a_unit - 1u) / channels_a_unit;
  let unit = group.x * (4u * ${tiles}u / ${shared}u) + index / ${shared}u;
  let first = unit / channel_tiles * ${shared}u;
  let own = min(first + lane, in_channels - 1u);
  let part = group.y;
%for q in 0..${quads}
  let wanted$q = unit % channel_tiles * channels_a_unit + ($qu * ${shared}u + lane) * 4u;
  let co$q = min(wanted$q, (out_channels - 1u) / 4u * 4u);
  var bias$q = vec4f();
%for i in 0..${shared}
%for r in 0..4
%for c in 0..4
  var w$q$i$r$c = vec4f();
%end
%end
%end
%end
  let tiles = tiles_along(out_height) * tiles_along(out_width);
  let end = batch * (part + 1u) / parts * tiles;
  for (var at = batch * part / parts * tiles; at < end; at += 2u) {
    let a = tile_at(at, end);
    let b = tile_at(at + 1u, end);
%for c in 0..4
%for r in 0..4
    let x$r$c = vec2f(x_of(a, $ru, $cu, own), x_of(b, $ru, $cu, own));
%end
    let d$c = of_inputs(x0$c, x1$c, x2$c, x3$c);
%end
%for q in 0..${quads}
    let dy_a$q = gradient_of(a, co$q);
    let dy_b$q = gradient_of(b, co$q);
    bias$q += (dy_a$q.p00 + dy_a$q.p01 + dy_a$q.p10 + dy_a$q.p11) + (dy_b$q.p00 + dy_b$q.p01 + dy_b$q.p10 + dy_b$q.p11);
%for c in 0..2
    let g$q$c = of_gradients(mat2x4f(dy_a$q.p0$c, dy_b$q.p0$c), mat2x4f(dy_a$q.p1$c, dy_b$q.p1$c));
%end
%end
%for r in 0..4
    let v$r = of_inputs(d0.p$r, d1.p$r, d2.p$r, d3.p$r);
%for q in 0..${quads}
    let u$q$r = of_gradients(g$q0.p$r, g$q1.p$r);
%for c in 0..4
    w$q0$r$c += u$q$r.p$c * v$r.p$c;
#if ${subgroups}
    w$q1$r$c += u$q$r.p$c * quadSwapX(v$r.p$c);
    w$q2$r$c += u$q$r.p$c * quadSwapY(v$r.p$c);
    w$q3$r$c += u$q$r.p$c * quadSwapDiagonal(v$r.p$c);
#endif
%end
%end
%end
  }
  // This is a loop because every additional transformation and store in the text would be compiled separately. An iteration moves the next
  // sums to the first ones, which compiles in less time than loads from an array with a variable index.
%for q in 0..${quads}
  for (var i = 0u; i < ${shared}u; i++) {
    let ci = first + (lane ^ i); // a neighbor's input channel
    if (ci < in_channels && wanted$q < out_channels) {
%for r in 0..4
      let z$r = of_products(w$q0$r0, w$q0$r1, w$q0$r2, w$q0$r3);
%end
%for c in 0..3
      let taps$c = of_products(z0.p$c, z1.p$c, z2.p$c, z3.p$c);
%end
%for r in 0..3
%for c in 0..3
      store_quad(((part * 9u + 3u * $ru + $cu) * in_channels + ci) * out_channels + co$q, out_channels - co$q, taps$c.p$r);
%end
%end
    }
#if ${subgroups}
%for r in 0..4
%for c in 0..4
    w$q0$r$c = w$q1$r$c;
    w$q1$r$c = w$q2$r$c;
    w$q2$r$c = w$q3$r$c;
%end
%end
#endif
  }
%end
#if ${stores_db}
%for q in 0..${quads}
  if (first == 0u && wanted$q < out_channels) { store_db(part * out_channels + co$q, out_channels - co$q, bias$q); }
%end
#endif
}
