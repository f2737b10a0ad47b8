// moving[i] = pending[i], for the statistics of all layers, unless the step is skipped
// pending: the statistics that batch_norm_pend has updated with each micro-batch. One workgroup owns one tensor.
@group(0) @binding(0) var<storage, read> pending: array<vec4f>;
@group(0) @binding(1) var<storage, read> table: array<vec4u>; // first vec4, one past the last, unused, unused
@group(0) @binding(2) var<storage, read> state: State;
@group(0) @binding(3) var<storage, read_write> moving: array<vec4f>;

const workgroup_size = ${workgroup_size}u;

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  if (state.skip != 0u) { return; }
  let tensor = table[group.x];
  for (var i = tensor.x + index; i < tensor.y; i += workgroup_size) { moving[i] = pending[i]; }
}
