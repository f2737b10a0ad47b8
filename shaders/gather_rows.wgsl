// y[n] = x[sources[n]]: the rows of a table (targets or weights) that belong to the samples of a batch
// One invocation owns one number of y.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> sources: array<u32>; // from augment_draw
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override slots: u32;
override width: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  if (index >= slots * width) { return; }
  y[index] = x[sources[index / width] * width + index % width];
}
