// m += (dw - m)(1 - beta1);  v += (dw*dw - v)(1 - beta2);  w -= lr (u' m / (1 - p u') + (1 - u) dw / (1 - p)) / (sqrt(v / (1 - beta2^t)) + epsilon)
// Keras' form: u is the momentum of this update and u' that of the next, lib/nadam_momentum.wgsl; p is the product of all
// momenta up to u, and state.correction1 is 1 - p.
@group(0) @binding(6) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> v: array<vec4f>;

override beta1: f32;
override one_minus_beta1: f32;
override one_minus_beta2: f32;
override epsilon: f32;

// The factors of m, dw and v.
fn step_size(_chunk: vec4u) -> vec3f {
  let u = nadam_momentum(beta1, state.updates);
  let next = nadam_momentum(beta1, state.updates + 1u);
  let c = state.correction1;
  // 1 - p u' = (1 - p) + p (1 - u').
  let of_average = next / (c + (1.0 - c) * (1.0 - next));
  return vec3f(state.learning_rate * of_average, state.learning_rate * (1.0 - u) / c, 1.0 / state.correction2);
}

fn update(i: u32, g: vec4f, w0: vec4f, rate: vec3f) -> vec4f {
  let m0 = m[i];
  let v0 = v[i];
  let m1 = m0 + (g - m0) * one_minus_beta1;
  let v1 = v0 + (g * g - v0) * one_minus_beta2;
  m[i] = m1;
  v[i] = v1;
  return decayed(w0) - (rate.x * m1 + rate.y * g) / (sqrt(rate.z * v1) + epsilon);
}

