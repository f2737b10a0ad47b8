// pending[i] = p + (1 - momentum[t]) (statistics[i] - p), p = moving[i] in the first micro-batch of a step, pending[i] in the others
// The moving statistics that will apply if the step is not skipped; a micro-batch without samples changes nothing. The arenas have the same
// layout, with two tensors per layer: mean and variance. One workgroup owns one tensor t.
@group(0) @binding(0) var<storage, read> statistics: array<vec4f>;
@group(0) @binding(1) var<storage, read> table: array<vec4u>; // first vec4, one past the last, bits of 1 - momentum, unused
#if ${first}
@group(0) @binding(2) var<storage, read> moving: array<vec4f>;
#else
@group(0) @binding(2) var<storage, read> accumulated: Accumulated;
#endif
@group(0) @binding(3) var<storage, read_write> pending: array<vec4f>;

const workgroup_size = ${workgroup_size}u;

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
#if ${first}
#else
  if (accumulated.own == 0u) { return; }
#endif
  let tensor = table[group.x];
  let share = bitcast<f32>(tensor.z);
  for (var i = tensor.x + index; i < tensor.y; i += workgroup_size) {
#if ${first}
    let p = moving[i];
#else
    let p = pending[i];
#endif
    pending[i] = p + share * (statistics[i] - p);
  }
}
