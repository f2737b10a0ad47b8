// partials[c] = (sum of g*g, number of non-finite g, largest |g|, 0) over chunk c of the gradients of all tensors
// One workgroup owns one chunk, a run of vec4s of one tensor; gradient_norm_reduce adds the chunks up. The largest |g| is found by
// comparing bits, by which infinity is larger than every number and NaN is larger than infinity. With regularizers, dw += 2 l2[tensor] w +
// l1[tensor] sign(w) comes first.
#if ${regularized}
@group(0) @binding(0) var<storage, read_write> dw: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> dw: array<vec4f>;
#endif
@group(0) @binding(1) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, unused
@group(0) @binding(2) var<storage, read_write> partials: array<vec4f>;
#if ${regularized}
@group(0) @binding(3) var<storage, read> w: array<vec4f>;
@group(0) @binding(4) var<storage, read> regularizers: array<vec2f>; // per tensor: l1, l2
#endif

const workgroup_size = ${workgroup_size}u;
const infinity = vec4u(0x7f800000u); // comparisons of floats with NaN may be optimized away in WGSL

var<workgroup> largest: atomic<u32>;

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunks[group.x];
  var squares = vec4f();
  var sizes = vec4u();
#if ${regularized}
  let factors = regularizers[chunk.z];
#endif
  for (var i = chunk.x + index; i < chunk.y; i += workgroup_size) {
#if ${regularized}
    let w0 = w[i];
    var g = dw[i] + 2.0 * factors.y * w0;
    if (factors.x != 0.0) { g += factors.x * sign(w0); }
    dw[i] = g;
#else
    let g = dw[i];
#endif
    squares += g * g;
    sizes = max(sizes, bitcast<vec4u>(g) & vec4u(0x7fffffffu));
  }
  var bad = 0.0;
  if (any(sizes >= infinity)) { // rare enough for a second pass
    for (var i = chunk.x + index; i < chunk.y; i += workgroup_size) {
      bad += dot(select(vec4f(), vec4f(1.0), (bitcast<vec4u>(dw[i]) & infinity) == infinity), vec4f(1.0));
    }
  }
  atomicMax(&largest, max(max(sizes.x, sizes.y), max(sizes.z, sizes.w)));
  let sum = sum_of(vec4f(dot(squares, vec4f(1.0)), bad, 0.0, 0.0), index);
  workgroupBarrier();
  if (index == 0u) { partials[group.x] = vec4f(sum.xy, bitcast<f32>(atomicLoad(&largest)), 0.0); }
}
