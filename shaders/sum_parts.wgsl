// y[i] = sum over p of parts[p, i]: adds up the parts of a sum that several workgroups have computed, in a fixed order
// One invocation owns one element of dw or, if there is a bias, of db after it.
@group(0) @binding(0) var<storage, read> dw_parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
#if ${has_biases}
@group(0) @binding(2) var<storage, read> db_parts: array<f32>;
@group(0) @binding(3) var<storage, read_write> db: array<f32>;
#endif

override parts: u32;
override weights: u32;
#if ${has_biases}
override biases: u32;
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  var sum = 0.0;
  if (i < weights) {
    for (var p = 0u; p < parts; p++) { sum += dw_parts[p * weights + i]; }
    dw[i] = sum;
  }
#if ${has_biases}
  if (i >= weights && i < weights + biases) {
    for (var p = 0u; p < parts; p++) { sum += db_parts[p * biases + i - weights]; }
    db[i - weights] = sum;
  }
#endif
}
