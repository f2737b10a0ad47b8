// y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * w[kh,kw,ci,co])
// One invocation owns ${quads} x 4 pixels and 4 output channels, and processes the sum ${width} input channels at a time. 4 neighbors
// share the pixels and own 16 channels together, so that each loads a quarter of the pixels and shares them. With a
// pool after it, 4 pixels are the 2x2 window of a pooled cell: only the winner y and its place there are written, [cell, co].
#if ${transposed}
// Here it computes the data gradient of a transposed convolution, which is a convolution of dy: dx = act'(x) * the sum.
#endif
#if ${subgroups}
enable subgroups;
#endif
@group(0) @binding(0) var<storage, read> ${x}: array<${load}>;
@group(0) @binding(1) var<storage, read> w: array<${out}>;
#if ${use_bias}
@group(0) @binding(2) var<storage, read> b: array<${out}>;
#endif
@group(0) @binding(3) var<storage, read_write> ${y}: array<${out}>;
#if ${activated}
@group(0) @binding(4) var<storage, read> x: array<${out}>;
#endif
#if ${pooled}
@group(0) @binding(4) var<storage, read_write> argmax: array<u32>; // four positions per word, 8 bits each
#endif

override in_channels: u32;
override out_channels: u32;
#if ${dilated}
override dilation_y: u32; // rows of x from one row of the kernel to the next
override dilation_x: u32;
#endif

const pixels_a_tile = 4u * ${quads}u;
const channels_a_load = ${width}u;

#if ${activated}
// A data gradient of four channels before the activation that made x. Channels after the last are not stored.
fn before_x(gradient: vec4f, index: u32, co: u32) -> vec4f {
  let at = index * out_channels + co;
#if ${vec_out}
  return before_activation(gradient, x[at >> 2u]);
#else
  return before_activation(gradient, vec4f(x[at], x[at + 1u], x[at + 2u], x[at + 3u]));
#endif
}

#endif
@compute @workgroup_size(4 * ${tiles})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index & 3u;
  let channel_tiles = (out_channels + 15u) / 16u;
  let tile = (group.y * groups.x + group.x) * ${tiles}u + (index >> 2u);
  let first = tile / channel_tiles * pixels_a_tile;
  let co_wanted = tile % channel_tiles * 16u + lane * 4u;
  let co = min(co_wanted, (out_channels - 1u) / 4u * 4u);
  let left = out_channels - co;
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
  // A run is what a window reads without a gap: a row of the kernel or, if the border or a dilation comes between, one element.
  // Entering a loop costs SwiftShader as much as an iteration, so longer runs are faster.
  for (var run = 0u; run < ${runs}; run++) {
%for q in 0..${quads}
#if ${subgroups}
    let tap$q = tap(p$q, ${down}, ${right});
#else
%for i in 0..4
    let tap$q$i = tap(p$q$i, ${down}, ${right});
%end
#endif
%end
    for (var step = 0u; step < ${steps}; step++) {
%for k in 0..${width}
      let w$k = load_quad(w_at + $ku * out_channels, left);
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
#if ${transposed}
#else
  let shift = bias(co, out_channels - 1u);
#endif
  // A loop, because each further place that activates and stores would be compiled again.
  var sums = array<vec4f, pixels_a_tile>(
%for q in 0..${quads}
    y$q0, y$q1, y$q2, y$q3,
%end
  );
#if ${pooled}
  for (var q = 0u; q < ${quads}u; q++) {
    let i = 4u * q;
    store_winner((first >> 2u) + q, co_wanted, sums[i], sums[i + 1u], sums[i + 2u], sums[i + 3u], shift);
  }
#else
  for (var i = 0u; i < pixels_a_tile; i++) {
#if ${activated}
    store(first + i, co_wanted, before_x(sums[i], first + i, co));
#elif ${transposed}
    store(first + i, co_wanted, sums[i]);
#else
    store(first + i, co_wanted, activate(sums[i] + shift));
#endif
  }
#endif
}
