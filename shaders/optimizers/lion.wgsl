// w -= lr sign(beta1 m + (1 - beta1) dw);  m = beta2 m + (1 - beta2) dw
// Keras' form; the sign of zero is zero.
@group(0) @binding(6) var<storage, read_write> m: array<vec4f>;

override beta1: f32;
override one_minus_beta1: f32;
override beta2: f32;
override one_minus_beta2: f32;

fn step_size(_chunk: vec4u) -> f32 { return state.learning_rate; }

fn update(i: u32, g: vec4f, w0: vec4f, rate: f32) -> vec4f {
  let m0 = m[i];
  m[i] = beta2 * m0 + one_minus_beta2 * g;
  return decayed(w0) - rate * sign(beta1 * m0 + one_minus_beta1 * g);
}

