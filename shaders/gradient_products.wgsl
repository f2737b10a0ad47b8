// partials[c] = (sum of g*h, sum of g*g, sum of h*h, 0) over chunk c of two arenas, from which the angle between them is computed
// One workgroup owns one chunk, at most 1024 vec4 of one tensor; gradient_products_reduce adds the chunks up.
@group(0) @binding(0) var<storage, read> dw: array<vec4f>;
@group(0) @binding(1) var<storage, read> other: array<vec4f>;
@group(0) @binding(2) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, unused
@group(0) @binding(3) var<storage, read_write> partials: array<vec4f>;

var<workgroup> sums: array<vec4f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunks[group.x];
  var sum = vec4f();
  for (var i = chunk.x + index; i < chunk.y; i += 64u) {
    let g = dw[i];
    let h = other[i];
    sum += vec4f(dot(g, h), dot(g, g), dot(h, h), 0.0);
  }
  sums[index] = sum;
  workgroupBarrier();
  if (index == 0u) {
    for (var i = 1u; i < 64u; i++) { sum += sums[i]; }
    partials[group.x] = sum;
  }
}
