// dw[kh,kw,ci,co] = sum over n,oy,ox of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * dy[n,oy,ox,co];  db[co] = sum of dy
// conv2d_backward_w for any number of input channels: one invocation owns 9 rows (kh,kw,ci) x 4 output channels, which is
// a whole 3x3 window of a grey image. The rest is as there: 4 neighbours share the rows, the images are cut into parts.
#if ${subgroups}
enable subgroups;
#endif
@group(0) @binding(0) var<storage, read> x: array<f32>;
#if ${vec_out}
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> db: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<storage, read_write> db: array<f32>;
#endif
#if ${pooled}
@group(0) @binding(4) var<storage, read> won: array<u32>;
#endif

override batch: u32;
override in_height: u32;
override in_width: u32;
override in_channels: u32;
override out_height: u32; // in pooled cells when a pool is behind
override out_width: u32;
override out_channels: u32;
override kernel_height: u32;
override kernel_width: u32;
override stride_y: u32;
override stride_x: u32;
override pad_top: u32;
override pad_left: u32;
override parts: u32;

const rows_a_tile = 9u;

// One row of dw: its kernel element and where it lies in x, seen from the window's beginning.
struct Row { kh: u32, kw: u32, offset: i32, }

fn row_at(index: u32) -> Row {
  let at = min(index, kernel_height * kernel_width * in_channels - 1u);
  let kh = at / in_channels / kernel_width;
  let kw = at / in_channels % kernel_width;
  return Row(kh, kw, i32((kh * in_width + kw) * in_channels + at % in_channels));
}

// Where in x the window of pixel j of four begins: row and column, signed because of padding.
fn window(oy: u32, ox: u32, j: u32) -> vec2i {
#if ${pooled}
  let at = vec2u(2u * oy + j / 2u, 2u * ox + j % 2u);
#else
  let at = vec2u(oy, min(ox + j, out_width - 1u));
#endif
  return vec2i(at * vec2u(stride_y, stride_x)) - vec2i(i32(pad_top), i32(pad_left));
}

fn load_x(n: u32, window: vec2i, row: Row) -> f32 {
  let at = u32(((i32(n * in_height) + window.x) * i32(in_width) + window.y) * i32(in_channels) + row.offset);
#if ${padded}
  let inside = (u32(window.x) + row.kh < in_height) & (u32(window.y) + row.kw < in_width); // below zero wraps round
  return select(0.0, x[at], inside);
#else
  return x[at];
#endif
}

fn load_dy(at: u32, co: u32) -> vec4f {
#if ${vec_out}
  return dy[at / 4u];
#else
  let left = out_channels - co;
  return vec4f(dy[at], select(0.0, dy[at + 1u], left > 1u), select(0.0, dy[at + 2u], left > 2u), select(0.0, dy[at + 3u], left > 3u));
#endif
}

fn store(row: u32, part: u32, co: u32, value: vec4f) {
  let rows = kernel_height * kernel_width * in_channels;
  if (row >= rows || co >= out_channels) { return; }
  let at = (part * rows + row) * out_channels + co;
#if ${vec_out}
  dw[at / 4u] = value;
#else
  for (var i = 0u; i < min(4u, out_channels - co); i++) { dw[at + i] = value[i]; }
#endif
}

@compute @workgroup_size(4 * ${tiles})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index % 4u;
  let channel_tiles = (out_channels + 15u) / 16u;
  let tile = group.x * ${tiles}u + index / 4u;
  let co_wanted = tile % channel_tiles * 16u + lane * 4u;
  let co = min(co_wanted, (out_channels - 1u) / 4u * 4u);
  let row_tile = tile / channel_tiles; // the last workgroup's surplus tiles work on copies and store nothing
  let part = group.y;
  let row0 = row_at(row_tile * rows_a_tile + 0u);
  let row1 = row_at(row_tile * rows_a_tile + 1u);
  let row2 = row_at(row_tile * rows_a_tile + 2u);
  let row3 = row_at(row_tile * rows_a_tile + 3u);
  let row4 = row_at(row_tile * rows_a_tile + 4u);
  let row5 = row_at(row_tile * rows_a_tile + 5u);
  let row6 = row_at(row_tile * rows_a_tile + 6u);
  let row7 = row_at(row_tile * rows_a_tile + 7u);
  let row8 = row_at(row_tile * rows_a_tile + 8u);
  var w0 = vec4f();
  var w1 = vec4f();
  var w2 = vec4f();
  var w3 = vec4f();
  var w4 = vec4f();
  var w5 = vec4f();
  var w6 = vec4f();
  var w7 = vec4f();
  var w8 = vec4f();
  var bias = vec4f();
  for (var n = batch * part / parts; n < batch * (part + 1u) / parts; n++) {
    for (var oy = 0u; oy < out_height; oy++) {
      for (var ox = 0u; ox < out_width; ox += ${step}) {
        let at = ((n * out_height + oy) * out_width + ox) * out_channels + co;
#if ${pooled}
        let winner = load_dy(at, co);
        let word = won[at / 4u];
        let place = vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u);
        let dy0 = select(vec4f(), winner, place == vec4u(0u));
        let dy1 = select(vec4f(), winner, place == vec4u(1u));
        let dy2 = select(vec4f(), winner, place == vec4u(2u));
        let dy3 = select(vec4f(), winner, place == vec4u(3u));
        bias += winner;
#else
        let dy0 = load_dy(at, co);
        let dy1 = select(vec4f(), load_dy(at + out_channels, co), ox + 1u < out_width);
        let dy2 = select(vec4f(), load_dy(at + 2u * out_channels, co), ox + 2u < out_width);
        let dy3 = select(vec4f(), load_dy(at + 3u * out_channels, co), ox + 3u < out_width);
        bias += dy0 + dy1 + dy2 + dy3;
#endif
#if ${subgroups}
        let mine = window(oy, ox, lane);
        let x0 = load_x(n, mine, row0);
        let x1 = load_x(n, mine, row1);
        let x2 = load_x(n, mine, row2);
        let x3 = load_x(n, mine, row3);
        let x4 = load_x(n, mine, row4);
        let x5 = load_x(n, mine, row5);
        let x6 = load_x(n, mine, row6);
        let x7 = load_x(n, mine, row7);
        let x8 = load_x(n, mine, row8);
        w0 += subgroupBroadcast(x0, 0u) * dy0 + subgroupBroadcast(x0, 1u) * dy1 + subgroupBroadcast(x0, 2u) * dy2 + subgroupBroadcast(x0, 3u) * dy3;
        w1 += subgroupBroadcast(x1, 0u) * dy0 + subgroupBroadcast(x1, 1u) * dy1 + subgroupBroadcast(x1, 2u) * dy2 + subgroupBroadcast(x1, 3u) * dy3;
        w2 += subgroupBroadcast(x2, 0u) * dy0 + subgroupBroadcast(x2, 1u) * dy1 + subgroupBroadcast(x2, 2u) * dy2 + subgroupBroadcast(x2, 3u) * dy3;
        w3 += subgroupBroadcast(x3, 0u) * dy0 + subgroupBroadcast(x3, 1u) * dy1 + subgroupBroadcast(x3, 2u) * dy2 + subgroupBroadcast(x3, 3u) * dy3;
        w4 += subgroupBroadcast(x4, 0u) * dy0 + subgroupBroadcast(x4, 1u) * dy1 + subgroupBroadcast(x4, 2u) * dy2 + subgroupBroadcast(x4, 3u) * dy3;
        w5 += subgroupBroadcast(x5, 0u) * dy0 + subgroupBroadcast(x5, 1u) * dy1 + subgroupBroadcast(x5, 2u) * dy2 + subgroupBroadcast(x5, 3u) * dy3;
        w6 += subgroupBroadcast(x6, 0u) * dy0 + subgroupBroadcast(x6, 1u) * dy1 + subgroupBroadcast(x6, 2u) * dy2 + subgroupBroadcast(x6, 3u) * dy3;
        w7 += subgroupBroadcast(x7, 0u) * dy0 + subgroupBroadcast(x7, 1u) * dy1 + subgroupBroadcast(x7, 2u) * dy2 + subgroupBroadcast(x7, 3u) * dy3;
        w8 += subgroupBroadcast(x8, 0u) * dy0 + subgroupBroadcast(x8, 1u) * dy1 + subgroupBroadcast(x8, 2u) * dy2 + subgroupBroadcast(x8, 3u) * dy3;
#else
        let at0 = window(oy, ox, 0u);
        let at1 = window(oy, ox, 1u);
        let at2 = window(oy, ox, 2u);
        let at3 = window(oy, ox, 3u);
        w0 += load_x(n, at0, row0) * dy0 + load_x(n, at1, row0) * dy1 + load_x(n, at2, row0) * dy2 + load_x(n, at3, row0) * dy3;
        w1 += load_x(n, at0, row1) * dy0 + load_x(n, at1, row1) * dy1 + load_x(n, at2, row1) * dy2 + load_x(n, at3, row1) * dy3;
        w2 += load_x(n, at0, row2) * dy0 + load_x(n, at1, row2) * dy1 + load_x(n, at2, row2) * dy2 + load_x(n, at3, row2) * dy3;
        w3 += load_x(n, at0, row3) * dy0 + load_x(n, at1, row3) * dy1 + load_x(n, at2, row3) * dy2 + load_x(n, at3, row3) * dy3;
        w4 += load_x(n, at0, row4) * dy0 + load_x(n, at1, row4) * dy1 + load_x(n, at2, row4) * dy2 + load_x(n, at3, row4) * dy3;
        w5 += load_x(n, at0, row5) * dy0 + load_x(n, at1, row5) * dy1 + load_x(n, at2, row5) * dy2 + load_x(n, at3, row5) * dy3;
        w6 += load_x(n, at0, row6) * dy0 + load_x(n, at1, row6) * dy1 + load_x(n, at2, row6) * dy2 + load_x(n, at3, row6) * dy3;
        w7 += load_x(n, at0, row7) * dy0 + load_x(n, at1, row7) * dy1 + load_x(n, at2, row7) * dy2 + load_x(n, at3, row7) * dy3;
        w8 += load_x(n, at0, row8) * dy0 + load_x(n, at1, row8) * dy1 + load_x(n, at2, row8) * dy2 + load_x(n, at3, row8) * dy3;
#endif
      }
    }
  }
  let first = row_tile * rows_a_tile;
  store(first + 0u, part, co_wanted, w0);
  store(first + 1u, part, co_wanted, w1);
  store(first + 2u, part, co_wanted, w2);
  store(first + 3u, part, co_wanted, w3);
  store(first + 4u, part, co_wanted, w4);
  store(first + 5u, part, co_wanted, w5);
  store(first + 6u, part, co_wanted, w6);
  store(first + 7u, part, co_wanted, w7);
  store(first + 8u, part, co_wanted, w8);
  if (row_tile == 0u && co_wanted < out_channels) {
#if ${vec_out}
    db[(part * out_channels + co) / 4u] = bias;
#else
    for (var i = 0u; i < min(4u, out_channels - co); i++) { db[part * out_channels + co + i] = bias[i]; }
#endif
  }
}
