// dx[n,iy,ix,c] = sum of dy[n,oy,ox,c] over the windows (oy,ox) that contain (iy,ix) and have their maximum there
// Gathers: one invocation owns four consecutive elements of dx and reads the windows around them, so no atomics are needed. If the windows
// tile the image, each pixel belongs to one window: an invocation owns four channels of a window and writes all of its pixels.
@group(0) @binding(0) var<storage, read> dy: array<${out}>;
@group(0) @binding(1) var<storage, read> argmax: array<u32>;
@group(0) @binding(2) var<storage, read_write> dx: array<${out}>;

#if ${vec}

fn places(at: u32) -> vec4u {
  let word = argmax[at / 4u];
  return vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u);
}
#else
fn places(at: u32) -> u32 {
  return (argmax[at / 4u] >> (8u * (at % 4u))) & 255u;
}
#endif

#if ${tiling}
fn fill(window: u32) {
  let y = window * 4u;
  let c = y % channels;
  let cell = y / channels;
  let winner = dy[window];
  let place = places(y);
  let corner = (cell / out_width * pool_height * in_width + cell % out_width * pool_width) * channels + c;
  for (var i = 0u; i < pool_height * pool_width; i++) {
    let at = corner + (i / pool_width * in_width + i % pool_width) * channels;
    dx[at / 4u] = select(${out}(), winner, place == vec4u(i));
  }
}
#else
fn gather(at: u32) -> ${out} {
  let c = at % channels;
  let column = at / channels % in_width + pad_left;
  let row = at / channels / in_width % in_height + pad_top;
  let image = at / channels / in_width / in_height;
  var sum = ${out}();
  // The windows that contain this row begin at most pool_height - 1 rows above it.
  let first_oy = select(0u, (row - pool_height + stride_y) / stride_y, row >= pool_height);
  let first_ox = select(0u, (column - pool_width + stride_x) / stride_x, column >= pool_width);
  for (var oy = first_oy; oy < min(out_height, row / stride_y + 1u); oy++) {
    for (var ox = first_ox; ox < min(out_width, column / stride_x + 1u); ox++) {
      let y = ((image * out_height + oy) * out_width + ox) * channels + c;
      let place = (row - oy * stride_y) * pool_width + column - ox * stride_x;
#if ${vec}
      sum += select(${out}(), dy[y / 4u], places(y) == vec4u(place));
#else
      sum += select(${out}(), dy[y], places(y) == place);
#endif
    }
  }
  return sum;
}
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
#if ${tiling}
  if (index < batch * out_height * out_width * channels / 4u) { fill(index); }
#else
  let first = index * 4u;
  let total = batch * in_height * in_width * channels;
  if (first >= total) { return; }
#if ${vec}
  dx[index] = gather(first);
#else
  for (var i = 0u; i < min(4u, total - first); i++) { dx[first + i] = gather(first + i); }
#endif
#endif
}
