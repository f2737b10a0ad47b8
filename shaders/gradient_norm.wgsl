// partials[g] = (sum of g*g, how many of them aren't finite) over chunk g of the gradients of all tensors
// One workgroup owns one chunk, at most 1024 vec4 of one tensor; gradient_norm_reduce adds the chunks up.
@group(0) @binding(0) var<storage, read> dw: array<vec4f>;
@group(0) @binding(1) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, unused
@group(0) @binding(2) var<storage, read_write> partials: array<vec2f>;

var<workgroup> sums: array<f32, 64>;
var<workgroup> counts: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunks[group.x];
  var squares = vec4f();
  var bad = vec4f();
  for (var i = chunk.x + index; i < chunk.y; i += 64u) {
    let g = dw[i];
    squares += g * g;
    // By the exponent's bits: comparisons with NaN may be optimised away in WGSL.
    bad += select(vec4f(), vec4f(1.0), (bitcast<vec4u>(g) & vec4u(0x7f800000u)) == vec4u(0x7f800000u));
  }
  sums[index] = dot(squares, vec4f(1.0));
  counts[index] = dot(bad, vec4f(1.0));
  workgroupBarrier();
  if (index == 0u) {
    var total = vec2f();
    for (var i = 0u; i < 64u; i++) { total += vec2f(sums[i], counts[i]); }
    partials[group.x] = total;
  }
}
