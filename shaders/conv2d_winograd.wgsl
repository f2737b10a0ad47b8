// y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy+kh-top, ox+kw-left, ci] * w[kh,kw,ci,co]) for a 3x3 kernel
// One invocation owns 4 output channels of ${quads} x ${shared} tiles of 2x2 pixels, and processes the sum two input channels at a time.
// A tile takes 16 products per pair of channels instead of 36: see lib/winograd.wgsl. Four neighbors share the tiles and own 16
// channels together: each transforms a quarter of the inputs and shares them. If a pool follows, a tile is the window of a pooled cell.
#if ${backward}
// Here it computes the data gradient of such a convolution, which is a convolution of dy with the flipped kernel: dx = act'(x) * the sum.
#endif
#if ${subgroups}
enable subgroups;
diagnostic(off, subgroup_uniformity); // all four neighbors skip together
#endif
#if ${backward}
@group(0) @binding(0) var<storage, read> w: array<vec2f>;
@group(0) @binding(1) var<storage, read> dy: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> dx: array<${out}>;
#if ${activated}
@group(0) @binding(3) var<storage, read> x: array<${out}>;
#endif
#if ${cells}
@group(0) @binding(4) var<storage, read> argmax: array<u32>; // four positions per word, 8 bits each
#endif
#else
@group(0) @binding(0) var<storage, read> x: array<vec2f>;
@group(0) @binding(1) var<storage, read> w: array<${out}>;
#if ${use_bias}
@group(0) @binding(2) var<storage, read> b: array<${out}>;
#endif
@group(0) @binding(3) var<storage, read_write> y: array<${out}>;
#if ${pooled}
@group(0) @binding(4) var<storage, read_write> argmax: array<u32>; // four positions per word, 8 bits each
#endif
#endif

// Sizes of a convolution from "in" to "out", which are dy and dx for a data gradient.
override in_channels: u32;
override out_channels: u32;

const tiles_a_unit = ${quads}u * ${shared}u; // of the neighbors together

struct Weights { p0: mat2x4f, p1: mat2x4f, p2: mat2x4f, p3: mat2x4f, }

fn of_kernel(g0: mat2x4f, g1: mat2x4f, g2: mat2x4f) -> Weights {
  let outer = g0 + g2;
  return Weights(g0, outer + g1, outer - g1, g2);
}

struct Pair { p0: vec4f, p1: vec4f, }

fn of_products(m0: vec4f, m1: vec4f, m2: vec4f, m3: vec4f) -> Pair {
  return Pair(m0 + 0.5 * (m1 + m2), 0.5 * (m1 - m2) - m3);
}

// The image of a tile, or `batch` after the last tile; its first pixel, and the position of the first of its 4x4 inputs, which may be
// outside. Tiles are counted by position and then by image, so that neighbors reach the border together and skip the pixels beyond it. naga
// cannot take a component of a vector of override constants, so rows and columns are scalars.
struct Tile { image: u32, row: u32, column: u32, at: u32, }

fn tile_at(index: u32) -> Tile {
#if ${pooled}
  let rows = out_height;
  let columns = out_width;
#else
  let rows = (out_height + 1u) / 2u;
  let columns = (out_width + 1u) / 2u;
#endif
  let place = min(index / batch, rows * columns - 1u);
  let row = 2u * (place / columns);
  let column = 2u * (place % columns);
  let image = index % batch;
  let at = (image * in_height + row - pad_top) * in_width + column - pad_left;
  return Tile(select(batch, image, index / batch == place), row, column, at);
}

fn load_input(t: Tile, r: u32, c: u32, step: u32) -> vec2f {
  let value = ${x}[(t.at + r * in_width + c) * (in_channels / 2u) + step];
#if ${edges}
  // Positions below zero wrap around to far beyond the end.
  return select(vec2f(), value, (t.row + r - pad_top < in_height) & (t.column + c - pad_left < in_width));
#else
  return value;
#endif
}

#if ${cells}
// The 2x2 pixels of dy whose maximum is a pooled cell, which has the gradient.
struct Cell { p00: vec2f, p01: vec2f, p10: vec2f, p11: vec2f, }

// Where the first two channels of a cell and of its positions are, and a mask that is zero for a cell outside.
struct Place { at: u32, word: u32, kept: vec2u, }

fn place_of(t: Tile, r: u32, c: u32) -> Place {
  // Positions below zero wrap around to far beyond the end.
  let row = (t.row + 2u * r - pad_top) / 2u;
  let column = (t.column + 2u * c - pad_left) / 2u;
  let cell = (t.image * (in_height / 2u) + row) * (in_width / 2u) + column;
  let kept = select(vec2u(), vec2u(~0u), (row < in_height / 2u) & (column < in_width / 2u));
  return Place(cell * (in_channels / 2u), cell * (in_channels / 4u), kept);
}

// Masks and differences of bits, because SwiftShader takes twice as long for comparisons and selections.
fn load_cell(p: Place, step: u32, pair: u32, bits: vec2u) -> Cell {
  let value = bitcast<vec2u>(dy[p.at + step]) & p.kept;
  let word = vec2u(argmax[p.word + pair]);
  let right = value & (vec2u() - min(word & bits, vec2u(1u)));
  let left = value ^ right;
  let lower = vec2u() - min(word & (2u * bits), vec2u(1u));
  let p11 = right & lower;
  let p10 = left & lower;
  return Cell(bitcast<vec2f>(left ^ p10), bitcast<vec2f>(right ^ p11), bitcast<vec2f>(p10), bitcast<vec2f>(p11));
}
#endif

// Four output channels by two input channels of an element of the kernel. Channels after the last are never stored. Positions are prepared
// before the loop, and shifts and divisions avoided in it, because one takes SwiftShader as long as five additions or more.
#if ${backward}
fn load_kernel(element: u32, step: u32, first: vec4u) -> mat2x4f {
  let at = (8u - element) * out_channels * (in_channels / 2u) + step;
%for i in 0..4
  let w$i = w[at + first[$i]];
%end
  return transpose(mat4x2f(w0, w1, w2, w3));
}
#else
#if ${vec_out}
const channels_a_load = 4u;
#else
const channels_a_load = 1u;
#endif

fn load_kernel(element: u32, step: u32, first: u32) -> mat2x4f {
#if ${vec_out}
  let at = (element * in_channels + 2u * step) * (out_channels / 4u) + first;
  return mat2x4f(w[at], w[at + out_channels / 4u]);
#else
  let at = (element * in_channels + 2u * step) * out_channels + first;
  return mat2x4f(load_quad(at, out_channels - first), load_quad(at + out_channels, out_channels - first));
#endif
}
#endif

const nowhere = 0xffffffffu;

// The outputs of a tile, column by column, at its first pixel or at its pooled cell.
fn store_tile(place: u32, co: u32, left: Pair, right: Pair, shift: vec4f) {
#if ${pooled}
  store_winner(place, co, left.p0, right.p0, left.p1, right.p1, shift);
#else
  if (place == nowhere || co >= out_channels) { return; }
  let below = place / out_width % out_height + 1u < out_height;
  let beside = place % out_width + 1u < out_width;
  let at = place * out_channels + co;
  store_pixel(at, co, left.p0 + shift);
  if (beside) { store_pixel(at + out_channels, co, right.p0 + shift); }
  if (below) { store_pixel(at + out_width * out_channels, co, left.p1 + shift); }
  if (below && beside) { store_pixel(at + (out_width + 1u) * out_channels, co, right.p1 + shift); }
#endif
}

#if ${pooled}
#else
fn store_pixel(at: u32, co: u32, value: vec4f) {
#if ${backward}
  store_dx(at, out_channels - co, value);
#else
  store_quad(at, out_channels - co, activate(value));
#endif
}
#endif

@compute @workgroup_size(4 * ${tiles})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index % ${shared}u;
  let channel_tiles = (out_channels + ${shared}u * 4u - 1u) / (${shared}u * 4u);
  let unit = (group.y * groups.x + group.x) * (4u * ${tiles}u / ${shared}u) + index / ${shared}u;
  let first = unit / channel_tiles * tiles_a_unit;
  let co_wanted = (unit % channel_tiles * ${shared}u + lane) * 4u;
  let co = min(co_wanted, (out_channels - 1u) / 4u * 4u);
%for q in 0..${quads}
  let t$q = tile_at(first + $qu * ${shared}u + lane);
%for i in 0..${shared}
%for r in 0..4
%for c in 0..4
  var y$q$i$r$c = vec4f();
%end
%end
%end
%end
  var steps = in_channels / 2u;
#if ${backward}
  // Tiles that only the zeros of the border contribute to get no gradient.
  var reached = 0u;
%for q in 0..${quads}
  reached |= select(0u, steps, (t$q.row + 3u >= pad_top) & (t$q.column + 3u >= pad_left) & (i32(t$q.row - pad_top) < i32(in_height)) & (i32(t$q.column - pad_left) < i32(in_width)));
%end
#if ${subgroups}
  steps = subgroupMax(reached);
#else
  steps = reached;
#endif
#endif
#if ${backward}
  let kernel = min(vec4u(co, co + 1u, co + 2u, co + 3u), vec4u(out_channels - 1u)) * (in_channels / 2u);
#else
  let kernel = co / channels_a_load;
#endif
#if ${cells}
%for q in 0..${quads}
%for r in 0..2
%for c in 0..2
  let p$q$r$c = place_of(t$q, $ru, $cu);
%end
%end
%end
#endif
  for (var step = 0u; step < steps; step++) {
#if ${cells}
    let pair = step / 2u;
    let bits = vec2u(1u, 256u) * select(1u, 1u << 16u, step % 2u == 1u);
#endif
%for c in 0..3
    let g$c = of_kernel(load_kernel($cu, step, kernel), load_kernel(3u + $cu, step, kernel), load_kernel(6u + $cu, step, kernel));
%end
%for r in 0..4
    let u$r = of_kernel(g0.p$r, g1.p$r, g2.p$r);
%end
%for q in 0..${quads}
#if ${cells}
%for c in 0..2
    let above$q$c = load_cell(p$q0$c, step, pair, bits);
    let below$q$c = load_cell(p$q1$c, step, pair, bits);
%end
    let d$q0 = of_inputs(above$q0.p00, above$q0.p10, below$q0.p00, below$q0.p10);
    let d$q1 = of_inputs(above$q0.p01, above$q0.p11, below$q0.p01, below$q0.p11);
    let d$q2 = of_inputs(above$q1.p00, above$q1.p10, below$q1.p00, below$q1.p10);
    let d$q3 = of_inputs(above$q1.p01, above$q1.p11, below$q1.p01, below$q1.p11);
#else
%for c in 0..4
    let d$q$c = of_inputs(load_input(t$q, 0u, $cu, step), load_input(t$q, 1u, $cu, step), load_input(t$q, 2u, $cu, step), load_input(t$q, 3u, $cu, step));
%end
#endif
%for r in 0..4
    let v$q$r = of_inputs(d$q0.p$r, d$q1.p$r, d$q2.p$r, d$q3.p$r);
%for c in 0..4
    y$q0$r$c += u$r.p$c * v$q$r.p$c;
#if ${subgroups}
    y$q1$r$c += u$r.p$c * quadSwapX(v$q$r.p$c);
    y$q2$r$c += u$r.p$c * quadSwapY(v$q$r.p$c);
    y$q3$r$c += u$r.p$c * quadSwapDiagonal(v$q$r.p$c);
#endif
%end
%end
%end
  }
#if ${backward}
  let shift = vec4f();
#else
  let shift = bias(co, out_channels - 1u);
#endif
%for q in 0..${quads}
#if ${pooled}
  var place$q0 = select((t$q.image * out_height + t$q.row / 2u) * out_width + t$q.column / 2u, batch * out_height * out_width, t$q.image >= batch);
#else
  var place$q0 = select((t$q.image * out_height + t$q.row) * out_width + t$q.column, nowhere, t$q.image >= batch);
#endif
#if ${subgroups}
  // The products with a neighbor's inputs belong to the neighbor's tile.
  var place$q1 = quadSwapX(place$q0);
  var place$q2 = quadSwapY(place$q0);
  var place$q3 = quadSwapDiagonal(place$q0);
#endif
%end
%for q in 0..${quads}
  // This is a loop because every additional transformation and store in the text would be compiled separately. An iteration moves the next
  // sums to y$q0, which compiles in less time than loads from an array with a variable index.
  for (var i = 0u; i < ${shared}u; i++) {
%for r in 0..4
    let z$r = of_products(y$q0$r0, y$q0$r1, y$q0$r2, y$q0$r3);
%end
%for c in 0..2
    let out$c = of_products(z0.p$c, z1.p$c, z2.p$c, z3.p$c);
%end
    store_tile(place$q0, co_wanted, out0, out1, shift);
#if ${subgroups}
    place$q0 = place$q1;
    place$q1 = place$q2;
    place$q2 = place$q3;
%for r in 0..4
%for c in 0..4
    y$q0$r$c = y$q1$r$c;
    y$q1$r$c = y$q2$r$c;
    y$q2$r$c = y$q3$r$c;
%end
%end
#endif
  }
%end
}
