// dx[n,iy,ix,ci] = act'(x) * sum over kh,kw,co of dy[n, (iy+top-kh)/sy, (ix+left-kw)/sx, co] * w[kh,kw,ci,co]
// act is the activation that produced x, so dx is the gradient before it. One invocation owns ${quads} x 4 pixels of x and ${across} x 4
// input channels, 16 apart, and processes the sum ${width} output channels at a time; 4 neighbors share the pixels and own 16 channels of
// each quad together.
// This is also the forward pass of a transposed convolution, which distributes its input as a convolution distributes dy: y =
// act(b[channel] + the sum).
#if ${subgroups}
diagnostic(off, subgroup_uniformity); // all four neighbors skip together
#endif
@group(0) @binding(0) var<storage, read> w: array<${load}>;
@group(0) @binding(1) var<storage, read> ${dy}: array<${load}>;
@group(0) @binding(2) var<storage, read_write> ${dx}: array<${in}>;
#if ${activated}
@group(0) @binding(3) var<storage, read> x: array<${in}>;
#endif

override in_channels: u32;
override out_channels: u32;
#if ${dilated}
override dilation_y: u32; // rows of x from one row of the kernel to the next
override dilation_x: u32;
#endif

const pixels_a_tile = 4u * ${quads}u;
const channels_a_load = ${width}u;

fn store(place: u32, ci: u32, value: vec4f) {
  if (place == nowhere || ci >= in_channels) { return; }
  store_dx(place * in_channels + ci, in_channels - ci, value);
}

@compute @workgroup_size(4 * ${tiles})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index & 3u;
  let channel_tiles = (in_channels + 15u) / (16u * ${across}u);
  let tile = (group.y * groups.x + group.x) * ${tiles}u + (index >> 2u);
  let first = tile / channel_tiles * pixels_a_tile;
  let ci_wanted = tile % channel_tiles * 16u * ${across}u + lane * 4u;
  let ci = min(ci_wanted, (in_channels - 1u) / 4u * 4u);
  // Channels after the last one read it again, and store discards them.
%for c in 0..4
  let row$c = min(ci + $cu, in_channels - 1u) * (out_channels / channels_a_load);
%end
  let quad_step = 16u * (out_channels / channels_a_load); // from one quad of an invocation's channels to the next
%for q in 0..${quads}
#if ${subgroups}
  let p$q = pixel_at(first + 4u * $qu + lane);
#else
%for i in 0..4
  let p$q$i = pixel_at(first + 4u * $qu + $iu);
%end
#endif
%for i in 0..4
%for a in 0..${across}
  var x$q$i$a = vec4f();
%end
%end
%end
  // One loop instead of one over rows and one over columns, and none for a 1x1 kernel: SwiftShader takes longer to compile and to enter a
  // loop that carries these sums.
#if ${pointwise}
  let element = 0u;
  {
#else
  for (var element = 0u; element < kernel_height * kernel_width; element++) {
#endif
    let kh = element / kernel_width;
    let kw = element % kernel_width;
    var nearest = outside;
%for q in 0..${quads}
#if ${subgroups}
    let tap$q = tap(p$q, ${kh}, ${kw});
    nearest = min(nearest, tap$q);
#else
%for i in 0..4
    let tap$q$i = tap(p$q$i, ${kh}, ${kw});
    nearest = min(nearest, tap$q$i);
%end
#endif
%end
#if ${pointwise}
#elif ${subgroups}
    if (subgroupMin(nearest) == outside) { continue; }
#else
    if (nearest == outside) { continue; }
#endif
    let at = element * in_channels * (out_channels / channels_a_load);
    for (var step = at; step < at + out_channels / channels_a_load; step++) {
%for a in 0..${across}
      let m$a = ${rows};
%end
%for q in 0..${quads}
#if ${subgroups}
      let dy$q = load_dy(tap$q, step - at);
#endif
%for i in 0..4
#if ${subgroups}
      let dy$q$i = quadBroadcast(dy$q, $iu);
#else
      let dy$q$i = load_dy(tap$q$i, step - at);
#endif
%for a in 0..${across}
      x$q$i$a += dy$q$i * m$a;
%end
%end
%end
    }
  }
  // This is a loop because every additional store in the text would be compiled separately.
  var sums = array<vec4f, pixels_a_tile * ${across}u>(
%for a in 0..${across}
%for q in 0..${quads}
    x$q0$a, x$q1$a, x$q2$a, x$q3$a,
%end
%end
  );
  var places = array<u32, pixels_a_tile>(
%for q in 0..${quads}
%for i in 0..4
#if ${subgroups}
    quadBroadcast(p$q.place, $iu),
#else
    p$q$i.place,
#endif
%end
%end
  );
  for (var c = 0u; c < ${across}u; c++) {
    for (var i = 0u; i < pixels_a_tile; i++) {
      let sum = sums[c * pixels_a_tile + i];
      store(places[i], ci_wanted + 16u * c, ${finished});
    }
  }
}
