// y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * w[kh,kw,ci,co])
// One invocation owns 8 pixels x 4 output channels; 4 neighbours share the 8 pixels and own 16 channels together,
// so that each loads a quarter of the pixels and hands them round. With a pool behind it, the 8 pixels are the two
// 2x2 windows of two pooled cells: only the winner y and its place in the window are written, [cell, co].
#if ${subgroups}
enable subgroups;
#endif
#if ${vec_in}
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> x: array<f32>;
#endif
#if ${vec_out}
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
#endif
#if ${pooled}
@group(0) @binding(4) var<storage, read_write> won: array<u32>; // four places a word, 8 bits each
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

const pixels_a_tile = 8u;

// Where the window of a pixel begins in x. With padding that can be outside, so row and column are kept and signed.
struct Pixel { at: i32, row: i32, column: i32, }

fn pixel_at(index: u32) -> Pixel {
#if ${pooled}
  let cell = min(index / 4u, batch * out_height * out_width - 1u);
  let image = cell / (out_width * out_height);
  let y_row = 2u * (cell / out_width % out_height) + index % 4u / 2u;
  let y_column = 2u * (cell % out_width) + index % 2u;
#else
  let pixel = min(index, batch * out_height * out_width - 1u);
  let image = pixel / (out_width * out_height);
  let y_row = pixel / out_width % out_height;
  let y_column = pixel % out_width;
#endif
  let row = i32(y_row * stride_y) - i32(pad_top);
  let column = i32(y_column * stride_x) - i32(pad_left);
  return Pixel(((i32(image * in_height) + row) * i32(in_width) + column) * i32(in_channels), row, column);
}

#if ${vec_in}
alias Load = vec4f;
const channels_a_load = 4u;
#else
alias Load = f32;
const channels_a_load = 1u;
#endif

// What a pixel reads at one kernel element: the index of its first channel, or outside of the image.
const outside = 0xffffffffu;

fn tap(p: Pixel, kh: u32, kw: u32) -> u32 {
  let at = u32(p.at + i32((kh * in_width + kw) * in_channels)) / channels_a_load;
#if ${padded}
  // Below zero wraps round to what is far beyond the end. No branch, neither here nor in load_x: some compilers choke on
  // branches that are unrolled over eight pixels.
  return select(outside, at, (u32(p.row) + kh < in_height) & (u32(p.column) + kw < in_width));
#else
  return at;
#endif
}

fn load_x(tap: u32, step: u32) -> Load {
#if ${padded}
  return select(x[tap + step], Load(), tap == outside);
#else
  return x[tap + step];
#endif
}

fn load_w(at: u32, co: u32) -> vec4f {
#if ${vec_out}
  return w[at / 4u];
#else
  let left = out_channels - co;
  return vec4f(w[at], select(0.0, w[at + 1u], left > 1u), select(0.0, w[at + 2u], left > 2u), select(0.0, w[at + 3u], left > 3u));
#endif
}

fn bias(co: u32) -> vec4f {
#if ${use_bias}
#if ${vec_out}
  return b[co / 4u];
#else
  let left = out_channels - co;
  return vec4f(b[co], select(0.0, b[co + 1u], left > 1u), select(0.0, b[co + 2u], left > 2u), select(0.0, b[co + 3u], left > 3u));
#endif
#else
  return vec4f();
#endif
}

fn store(index: u32, co: u32, value: vec4f) {
  if (index >= batch * out_height * out_width || co >= out_channels) { return; }
  let at = index * out_channels + co;
#if ${vec_out}
  y[at / 4u] = value;
#else
  for (var i = 0u; i < min(4u, out_channels - co); i++) { y[at + i] = value[i]; }
#endif
}

#if ${pooled}
// The first of the largest in row-major order wins, or a NaN.
fn store_winner(cell: u32, co: u32, a: vec4f, c: vec4f, d: vec4f, e: vec4f, shift: vec4f) {
  var best = a;
  var place = vec4u(0u);
  let second = wins(c, best);
  best = select(best, c, second);
  place = select(place, vec4u(1u), second);
  let third = wins(d, best);
  best = select(best, d, third);
  place = select(place, vec4u(2u), third);
  let fourth = wins(e, best);
  best = select(best, e, fourth);
  place = select(place, vec4u(3u), fourth);
  store(cell, co, activate(best + shift));
  if (cell < batch * out_height * out_width && co < out_channels) {
    won[(cell * out_channels + co) / 4u] = place.x | (place.y << 8u) | (place.z << 16u) | (place.w << 24u);
  }
}
#endif

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index % 4u;
  let channel_tiles = (out_channels + 15u) / 16u;
  let tile = group.x * 16u + index / 4u;
  let first = tile / channel_tiles * pixels_a_tile;
  let co_wanted = tile % channel_tiles * 16u + lane * 4u;
  let co = min(co_wanted, (out_channels - 1u) / 4u * 4u);
#if ${subgroups}
  let near = pixel_at(first + lane);
  let far = pixel_at(first + 4u + lane);
#else
  let p0 = pixel_at(first);
  let p1 = pixel_at(first + 1u);
  let p2 = pixel_at(first + 2u);
  let p3 = pixel_at(first + 3u);
  let p4 = pixel_at(first + 4u);
  let p5 = pixel_at(first + 5u);
  let p6 = pixel_at(first + 6u);
  let p7 = pixel_at(first + 7u);
#endif
  var y0 = vec4f();
  var y1 = vec4f();
  var y2 = vec4f();
  var y3 = vec4f();
  var y4 = vec4f();
  var y5 = vec4f();
  var y6 = vec4f();
  var y7 = vec4f();
  var w_at = co;
  for (var kh = 0u; kh < kernel_height; kh++) {
    for (var kw = 0u; kw < kernel_width; kw++) {
#if ${subgroups}
      let near_tap = tap(near, kh, kw);
      let far_tap = tap(far, kh, kw);
#else
      let t0 = tap(p0, kh, kw);
      let t1 = tap(p1, kh, kw);
      let t2 = tap(p2, kh, kw);
      let t3 = tap(p3, kh, kw);
      let t4 = tap(p4, kh, kw);
      let t5 = tap(p5, kh, kw);
      let t6 = tap(p6, kh, kw);
      let t7 = tap(p7, kh, kw);
#endif
      for (var step = 0u; step < in_channels / channels_a_load; step++) {
#if ${subgroups}
        let n = load_x(near_tap, step);
        let f = load_x(far_tap, step);
        let x0 = subgroupBroadcast(n, 0u);
        let x1 = subgroupBroadcast(n, 1u);
        let x2 = subgroupBroadcast(n, 2u);
        let x3 = subgroupBroadcast(n, 3u);
        let x4 = subgroupBroadcast(f, 0u);
        let x5 = subgroupBroadcast(f, 1u);
        let x6 = subgroupBroadcast(f, 2u);
        let x7 = subgroupBroadcast(f, 3u);
#else
        let x0 = load_x(t0, step);
        let x1 = load_x(t1, step);
        let x2 = load_x(t2, step);
        let x3 = load_x(t3, step);
        let x4 = load_x(t4, step);
        let x5 = load_x(t5, step);
        let x6 = load_x(t6, step);
        let x7 = load_x(t7, step);
#endif
        let w0 = load_w(w_at, co);
#if ${vec_in}
        let w1 = load_w(w_at + out_channels, co);
        let w2 = load_w(w_at + 2u * out_channels, co);
        let w3 = load_w(w_at + 3u * out_channels, co);
        y0 += x0.x * w0 + x0.y * w1 + x0.z * w2 + x0.w * w3;
        y1 += x1.x * w0 + x1.y * w1 + x1.z * w2 + x1.w * w3;
        y2 += x2.x * w0 + x2.y * w1 + x2.z * w2 + x2.w * w3;
        y3 += x3.x * w0 + x3.y * w1 + x3.z * w2 + x3.w * w3;
        y4 += x4.x * w0 + x4.y * w1 + x4.z * w2 + x4.w * w3;
        y5 += x5.x * w0 + x5.y * w1 + x5.z * w2 + x5.w * w3;
        y6 += x6.x * w0 + x6.y * w1 + x6.z * w2 + x6.w * w3;
        y7 += x7.x * w0 + x7.y * w1 + x7.z * w2 + x7.w * w3;
#else
        y0 += x0 * w0;
        y1 += x1 * w0;
        y2 += x2 * w0;
        y3 += x3 * w0;
        y4 += x4 * w0;
        y5 += x5 * w0;
        y6 += x6 * w0;
        y7 += x7 * w0;
#endif
        w_at += channels_a_load * out_channels;
      }
    }
  }
  let shift = bias(co);
#if ${pooled}
  store_winner(first / 4u, co_wanted, y0, y1, y2, y3, shift);
  store_winner(first / 4u + 1u, co_wanted, y4, y5, y6, y7, shift);
#else
  store(first, co_wanted, activate(y0 + shift));
  store(first + 1u, co_wanted, activate(y1 + shift));
  store(first + 2u, co_wanted, activate(y2 + shift));
  store(first + 3u, co_wanted, activate(y3 + shift));
  store(first + 4u, co_wanted, activate(y4 + shift));
  store(first + 5u, co_wanted, activate(y5 + shift));
  store(first + 6u, co_wanted, activate(y6 + shift));
  store(first + 7u, co_wanted, activate(y7 + shift));
#endif
}
