// m += (dw - m)(1 - beta1);  v += (dw*dw - v)(1 - beta2);  w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
// Keras' form (epsilon is the paper's "epsilon hat"), over the arenas of all tensors. One invocation owns one vec4.
@group(0) @binding(0) var<storage, read> dw: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> state: State;

override elements: u32; // vec4s
override one_minus_beta1: f32;
override one_minus_beta2: f32;
override epsilon: f32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= elements || state.skip != 0u) { return; }
  let g = dw[i];
  let m1 = m[i] + (g - m[i]) * one_minus_beta1;
  let v1 = v[i] + (g * g - v[i]) * one_minus_beta2;
  m[i] = m1;
  v[i] = v1;
  let rate = state.learning_rate * sqrt(state.correction2) / state.correction1;
  w[i] -= rate * m1 / (sqrt(v1) + epsilon);
}
