// y[i] = x[i]: memory traffic only. One invocation copies one vec4.

override copied: u32; // vec4s

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn copy_words(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < copied) { y[id.x] = x[id.x]; }
}
