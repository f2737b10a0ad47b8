// y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * w[kh,kw,ci,co])
// One invocation owns ${quads} x 4 pixels and 4 output channels, and walks over the sum ${width} input channels at a time. 4 neighbours
// share the pixels and own 16 channels together, so that each loads a quarter of the pixels and hands them round. With a
// pool behind it, 4 pixels are the 2x2 window of a pooled cell: only the winner y and its place there are written, [cell, co].
#if ${transposed}
// Here it computes the data gradient of a transposed convolution, which is a convolution of dy: dx = act'(x) * the sum.
#endif
#if ${subgroups}
enable subgroups;
#endif
@group(0) @binding(0) var<storage, read> ${x}: array<${load}>;
#if ${vec_out}
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
#if ${biased}
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
#endif
@group(0) @binding(3) var<storage, read_write> ${y}: array<vec4f>;
#if ${activated}
@group(0) @binding(4) var<storage, read> x: array<vec4f>;
#endif
#else
@group(0) @binding(1) var<storage, read> w: array<f32>;
#if ${biased}
@group(0) @binding(2) var<storage, read> b: array<f32>;
#endif
@group(0) @binding(3) var<storage, read_write> ${y}: array<f32>;
#if ${activated}
@group(0) @binding(4) var<storage, read> x: array<f32>;
#endif
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
#if ${dilated}
override dilation_y: u32; // rows of x from one row of the kernel to the next
override dilation_x: u32;
#endif

const pixels_a_tile = 4u * ${quads}u;
const channels_a_load = ${width}u;

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

fn load_x(tap: u32, step: u32) -> ${load} {
#if ${padded}
  return select(${x}[tap + step], ${load}(), tap == outside);
#else
  return ${x}[tap + step];
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

#if ${biased}
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

#endif
fn store(index: u32, co: u32, value: vec4f) {
  if (index >= batch * out_height * out_width || co >= out_channels) { return; }
  let at = index * out_channels + co;
#if ${activated}
#if ${vec_out}
  ${y}[at / 4u] = value * derivative(x[at / 4u]);
#else
  for (var i = 0u; i < min(4u, out_channels - co); i++) { ${y}[at + i] = value[i] * derivative(vec4f(x[at + i])).x; }
#endif
#else
#if ${vec_out}
  ${y}[at / 4u] = value;
#else
  for (var i = 0u; i < min(4u, out_channels - co); i++) { ${y}[at + i] = value[i]; }
#endif
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

@compute @workgroup_size(4 * ${tiles})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index % 4u;
  let channel_tiles = (out_channels + 15u) / 16u;
  let tile = group.x * ${tiles}u + index / 4u;
  let first = tile / channel_tiles * pixels_a_tile;
  let co_wanted = tile % channel_tiles * 16u + lane * 4u;
  let co = min(co_wanted, (out_channels - 1u) / 4u * 4u);
%for q in 0..${quads}
#if ${subgroups}
  let p$q = pixel_at(first + 4u * $qu + lane);
#else
%for i in 0..4
  let p$q$i = pixel_at(first + 4u * $qu + $iu);
%end
#endif
%for i in 0..4
  var y$q$i = vec4f();
%end
%end
  var w_at = co;
  for (var kh = 0u; kh < kernel_height; kh++) {
    for (var kw = 0u; kw < kernel_width; kw++) {
%for q in 0..${quads}
#if ${subgroups}
      let tap$q = tap(p$q, ${kh}, ${kw});
#else
%for i in 0..4
      let tap$q$i = tap(p$q$i, ${kh}, ${kw});
%end
#endif
%end
      for (var step = 0u; step < in_channels / channels_a_load; step++) {
%for k in 0..${width}
        let w$k = load_w(w_at + $ku * out_channels, co);
%end
        let m = ${columns};
%for q in 0..${quads}
#if ${subgroups}
        let x$q = load_x(tap$q, step);
%for i in 0..4
        y$q$i += m * quadBroadcast(x$q, $iu);
%end
#else
%for i in 0..4
        y$q$i += m * load_x(tap$q$i, step);
%end
#endif
%end
        w_at += channels_a_load * out_channels;
      }
    }
  }
#if ${biased}
  let shift = bias(co);
#endif
%for q in 0..${quads}
#if ${pooled}
  store_winner(first / 4u + $qu, co_wanted, y$q0, y$q1, y$q2, y$q3, shift);
#else
%for i in 0..4
#if ${biased}
  store(first + 4u * $qu + $iu, co_wanted, activate(y$q$i + shift));
#else
  store(first + 4u * $qu + $iu, co_wanted, y$q$i);
#endif
%end
#endif
%end
}
