// products[t] = sum over the chunks of tensor t of partials, in the order of the chunks
// One invocation owns one tensor.
@group(0) @binding(0) var<storage, read> partials: array<vec4f>;
@group(0) @binding(1) var<storage, read> tensors: array<vec2u>; // first chunk and one past the last
@group(0) @binding(2) var<storage, read_write> products: array<vec4f>;

override tensor_count: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let t = id.x;
  if (t >= tensor_count) { return; }
  var sum = vec4f();
  for (var i = tensors[t].x; i < tensors[t].y; i++) { sum += partials[i]; }
  products[t] = sum;
}
