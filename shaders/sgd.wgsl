// plain: w -= lr dw;  with momentum: v = momentum v - lr dw, then w += v or, nesterov, w += momentum v - lr dw
// Keras' form, over the arenas of all tensors. One invocation owns one vec4.
@group(0) @binding(0) var<storage, read> dw: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> state: State;
#if ${has_momentum}
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>;

override momentum: f32;
#endif

override elements: u32; // vec4s

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= elements || state.skip != 0u) { return; }
  let step = state.learning_rate * dw[i];
#if ${has_momentum}
  let v1 = momentum * v[i] - step;
  v[i] = v1;
#if ${nesterov}
  w[i] += momentum * v1 - step;
#else
  w[i] += v1;
#endif
#else
  w[i] -= step;
#endif
}
