// m += (dw - m)(1 - beta1);  u = max(beta2 u, |dw|);  w -= lr / (1 - beta1^t) * m / (u + epsilon)
// Keras' form.
@group(0) @binding(6) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> u: array<vec4f>;

override one_minus_beta1: f32;
override beta2: f32;
override epsilon: f32;

fn step_size(_chunk: vec4u) -> f32 { return state.learning_rate / state.correction1; }

fn update(i: u32, g: vec4f, w0: vec4f, rate: f32) -> vec4f {
  let m0 = m[i];
  let m1 = m0 + (g - m0) * one_minus_beta1;
  let u1 = max(beta2 * u[i], abs(g));
  m[i] = m1;
  u[i] = u1;
  return decayed(w0) - rate * m1 / (u1 + epsilon);
}

