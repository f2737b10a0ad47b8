// m += (dw - m)(1 - beta1);  v += (dw*dw - v)(1 - beta2);  w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
// Keras' form: epsilon is the paper's "epsilon hat". With amsgrad the largest v so far, vHat, takes the place of v.
@group(0) @binding(6) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> v: array<vec4f>;
#if ${amsgrad}
@group(0) @binding(8) var<storage, read_write> vHat: array<vec4f>;
#endif

override one_minus_beta1: f32;
override one_minus_beta2: f32;
override epsilon: f32;

fn step_size(_chunk: vec4u) -> f32 { return state.learning_rate * sqrt(state.correction2) / state.correction1; }

fn update(i: u32, g: vec4f, w0: vec4f, rate: f32) -> vec4f {
  let m0 = m[i]; // loaded once, because on a software adapter loads are most of the cost
  let v0 = v[i];
  let m1 = m0 + (g - m0) * one_minus_beta1;
  let v1 = v0 + (g * g - v0) * one_minus_beta2;
  m[i] = m1;
  v[i] = v1;
#if ${amsgrad}
  let most = max(vHat[i], v1);
  vHat[i] = most;
  return decayed(w0) - rate * m1 / (sqrt(most) + epsilon);
#else
  return decayed(w0) - rate * m1 / (sqrt(v1) + epsilon);
#endif
}

