// y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * w[kh,kw,ci,co])
// One invocation owns ${quads} x 4 pixels and ${across} x 4 output channels, 16 apart, and processes the sum ${width} input channels at a time.
// 4 neighbors share the pixels and own 16 channels of each quad together, so that each loads a quarter of the pixels and shares them. If a
// pool follows, 4 pixels are the 2x2 window of a pooled cell, and only the maximum y and its position in the window are written, [cell,
// co]. This kernel also computes the data gradient of a transposed convolution, which is a convolution of dy: dx = act'(x) * the sum.
@group(0) @binding(0) var<storage, read> ${x}: array<${load}>;
@group(0) @binding(1) var<storage, read> w: array<${out}>;
#if ${use_bias}
@group(0) @binding(2) var<storage, read> b: array<${out}>;
#endif
@group(0) @binding(3) var<storage, read_write> ${y}: array<${out}>;
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

@compute @workgroup_size(4 * ${tiles})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index & 3u;
  let channel_tiles = (out_channels + 15u) / (16u * ${across}u);
  let tile = (group.y * groups.x + group.x) * ${tiles}u + (index >> 2u);
  let first = tile / channel_tiles * pixels_a_tile;
  let co_wanted = tile % channel_tiles * 16u * ${across}u + lane * 4u;
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
%for c in 0..${across}
  var y$q$i$c = vec4f();
%end
%end
%end
  var w_at = co;
  // A run is a contiguous range that a window reads: a kernel row or, with padding or dilation, one element. Entering a loop costs
  // SwiftShader as much as an iteration, so longer runs are faster.
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
%for c in 0..${across}
%for k in 0..${width}
      let w$k$c = load_quad(w_at + 16u * $cu + $ku * out_channels, left);
%end
      let m$c = ${columns};
%end
%for q in 0..${quads}
#if ${subgroups}
      let x$q = load_x(tap$q, step);
#endif
%for i in 0..4
#if ${subgroups}
      let x$q$i = quadBroadcast(x$q, $iu);
#else
      let x$q$i = load_x(tap$q$i, step);
#endif
%for c in 0..${across}
      y$q$i$c += m$c * x$q$i;
%end
%end
%end
      w_at += channels_a_load * out_channels;
    }
  }
  // This is a loop because every additional activation and store in the text would be compiled separately.
  var sums = array<vec4f, pixels_a_tile * ${across}u>(
%for c in 0..${across}
%for q in 0..${quads}
    y$q0$c, y$q1$c, y$q2$c, y$q3$c,
%end
%end
  );
  for (var c = 0u; c < ${across}u; c++) {
    let at = c * pixels_a_tile;
    let shift = ${shift};
#if ${pooled}
    for (var q = 0u; q < ${quads}u; q++) {
      let i = at + 4u * q;
      store_winner((first >> 2u) + q, co_wanted + 16u * c, sums[i], sums[i + 1u], sums[i + 2u], sums[i + 3u], shift);
    }
#else
    for (var i = 0u; i < pixels_a_tile; i++) {
      let sum = sums[at + i];
      store(first + i, co_wanted + 16u * c, ${finished});
    }
#endif
  }
}
