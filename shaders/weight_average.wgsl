// a = w after the first update, then a += (1 - momentum) (w - a), over the arenas of all tensors, unless the step is skipped
// One workgroup owns one chunk, a run of vec4s of one tensor. Keras' exponential moving average of the weights
// (keras/src/optimizers/base_optimizer.py). With overwriting, w = a after every `every` updates.
@group(0) @binding(0) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, unused
@group(0) @binding(1) var<storage, read> state: State;
#if ${overwrites}
@group(0) @binding(2) var<storage, read_write> w: array<vec4f>;
#else
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
#endif
@group(0) @binding(3) var<storage, read_write> a: array<vec4f>;

override one_minus_momentum: f32;
#if ${overwrites}
override every: u32;
#endif

const workgroup_size = ${workgroup_size}u;

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  if (state.skip != 0u) { return; }
  let chunk = chunks[group.x];
  let is_first = state.updates == 1u; // this update is already counted
  for (var i = chunk.x + index; i < chunk.y; i += workgroup_size) {
    let w0 = w[i];
    let a0 = a[i];
    // Uses select instead of a factor of 1, because a0 + (w0 - a0) is not always w0.
    let a1 = select(a0 + one_minus_momentum * (w0 - a0), w0, is_first);
    a[i] = a1;
#if ${overwrites}
    if (state.updates % every == 0u) { w[i] = a1; }
#endif
  }
}
