// dx[n,iy,ix,ci] = act'(x) * sum over kh,kw,co of dy[n, (iy+top-kh)/sy, (ix+left-kw)/sx, co] * w[kh,kw,ci,co]
// act is the activation that made x, so dx is the gradient before it. One invocation owns 8 pixels of x x 4 input
// channels; 4 neighbours share the 8 pixels and own 16 channels together.
#if ${subgroups}
enable subgroups;
#endif
#if ${vec_out}
@group(0) @binding(0) var<storage, read> w: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
#endif
#if ${vec_in}
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
#else
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
#endif
#if ${activated}
#if ${vec_in}
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
#else
@group(0) @binding(3) var<storage, read> x: array<f32>;
#endif
#endif

override batch: u32;
override in_height: u32;
override in_width: u32;
override in_channels: u32;
override out_height: u32;
override out_width: u32;
override out_channels: u32;
override kernel_height: u32;
override kernel_width: u32;
override stride_y: u32;
override stride_x: u32;
override pad_top: u32;
override pad_left: u32;

const pixels_a_tile = 8u;

// A pixel of x, shifted by the padding: element (kh, kw) brought it to y's (row - kh, column - kw), before the stride.
struct Pixel { image: u32, row: u32, column: u32, }

fn pixel_at(index: u32) -> Pixel {
  let at = min(index, batch * in_height * in_width - 1u);
  return Pixel(at / (in_width * in_height), at / in_width % in_height + pad_top, at % in_width + pad_left);
}

#if ${vec_out}
alias Load = vec4f;
const channels_a_load = 4u;
#else
alias Load = f32;
const channels_a_load = 1u;
#endif

// What a pixel reads of dy at one kernel element: the index of its first channel, or outside.
const outside = 0x3fff0000u;

// Conditions are joined by &, which makes no branch: some compilers choke on branches that are unrolled over eight pixels.
fn tap(p: Pixel, kh: u32, kw: u32) -> u32 {
#if ${strided}
  let row = (p.row - kh) / stride_y;
  let column = (p.column - kw) / stride_x;
  let whole = (row * stride_y + kh == p.row) & (column * stride_x + kw == p.column);
  let inside = whole & (p.row >= kh) & (p.column >= kw) & (row < out_height) & (column < out_width);
#else
  // Below zero wraps round to what is far beyond the last row.
  let row = p.row - kh;
  let column = p.column - kw;
  let inside = (row < out_height) & (column < out_width);
#endif
  return select(outside, ((p.image * out_height + row) * out_width + column) * (out_channels / channels_a_load), inside);
}

fn load_dy(tap: u32, step: u32) -> Load {
  return select(dy[tap + step], Load(), tap >= outside);
}

fn store(index: u32, ci: u32, value: vec4f) {
  if (index >= batch * in_height * in_width || ci >= in_channels) { return; }
  let at = index * in_channels + ci;
#if ${vec_in}
#if ${activated}
  dx[at / 4u] = value * derivative(x[at / 4u]);
#else
  dx[at / 4u] = value;
#endif
#else
  for (var i = 0u; i < min(4u, in_channels - ci); i++) {
#if ${activated}
    dx[at + i] = value[i] * derivative(vec4f(x[at + i])).x;
#else
    dx[at + i] = value[i];
#endif
  }
#endif
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index % 4u;
  let channel_tiles = (in_channels + 15u) / 16u;
  let tile = group.x * 16u + index / 4u;
  let first = tile / channel_tiles * pixels_a_tile;
  let ci_wanted = tile % channel_tiles * 16u + lane * 4u;
  let ci = min(ci_wanted, (in_channels - 1u) / 4u * 4u);
  // The last channels of an odd count read their last neighbour again; store drops them.
  let row1 = (min(ci + 1u, in_channels - 1u) - ci) * (out_channels / channels_a_load);
  let row2 = (min(ci + 2u, in_channels - 1u) - ci) * (out_channels / channels_a_load);
  let row3 = (min(ci + 3u, in_channels - 1u) - ci) * (out_channels / channels_a_load);
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
  var x0 = vec4f();
  var x1 = vec4f();
  var x2 = vec4f();
  var x3 = vec4f();
  var x4 = vec4f();
  var x5 = vec4f();
  var x6 = vec4f();
  var x7 = vec4f();
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
      let row = ((kh * kernel_width + kw) * in_channels + ci) * (out_channels / channels_a_load);
      for (var step = 0u; step < out_channels / channels_a_load; step++) {
#if ${subgroups}
        let n = load_dy(near_tap, step);
        let f = load_dy(far_tap, step);
        let d0 = subgroupBroadcast(n, 0u);
        let d1 = subgroupBroadcast(n, 1u);
        let d2 = subgroupBroadcast(n, 2u);
        let d3 = subgroupBroadcast(n, 3u);
        let d4 = subgroupBroadcast(f, 0u);
        let d5 = subgroupBroadcast(f, 1u);
        let d6 = subgroupBroadcast(f, 2u);
        let d7 = subgroupBroadcast(f, 3u);
#else
        let d0 = load_dy(t0, step);
        let d1 = load_dy(t1, step);
        let d2 = load_dy(t2, step);
        let d3 = load_dy(t3, step);
        let d4 = load_dy(t4, step);
        let d5 = load_dy(t5, step);
        let d6 = load_dy(t6, step);
        let d7 = load_dy(t7, step);
#endif
        let w0 = w[row + step];
        let w1 = w[row + row1 + step];
        let w2 = w[row + row2 + step];
        let w3 = w[row + row3 + step];
#if ${vec_out}
        let m = mat4x4f(w0, w1, w2, w3);
        x0 += d0 * m;
        x1 += d1 * m;
        x2 += d2 * m;
        x3 += d3 * m;
        x4 += d4 * m;
        x5 += d5 * m;
        x6 += d6 * m;
        x7 += d7 * m;
#else
        let wc = vec4f(w0, w1, w2, w3);
        x0 += d0 * wc;
        x1 += d1 * wc;
        x2 += d2 * wc;
        x3 += d3 * wc;
        x4 += d4 * wc;
        x5 += d5 * wc;
        x6 += d6 * wc;
        x7 += d7 * wc;
#endif
      }
    }
  }
  store(first, ci_wanted, x0);
  store(first + 1u, ci_wanted, x1);
  store(first + 2u, ci_wanted, x2);
  store(first + 3u, ci_wanted, x3);
  store(first + 4u, ci_wanted, x4);
  store(first + 5u, ci_wanted, x5);
  store(first + 6u, ci_wanted, x6);
  store(first + 7u, ci_wanted, x7);
}
