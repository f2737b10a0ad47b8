// m += (dw - m)(1 - beta1);  v += (dw*dw - v)(1 - beta2);  w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
// Keras' form: epsilon is the paper's "epsilon hat".
@group(0) @binding(6) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> v: array<vec4f>;

override one_minus_beta1: f32;
override one_minus_beta2: f32;
override epsilon: f32;

fn step_size() -> f32 { return state.learning_rate * sqrt(state.correction2) / state.correction1; }

fn update(i: u32, g: vec4f, w0: vec4f, rate: f32) -> vec4f {
  let m0 = m[i]; // once: on a software adapter loads are what this costs
  let v0 = v[i];
  let m1 = m0 + (g - m0) * one_minus_beta1;
  let v1 = v0 + (g * g - v0) * one_minus_beta2;
  m[i] = m1;
  v[i] = v1;
  return decayed(w0) - rate * m1 / (sqrt(v1) + epsilon);
}

