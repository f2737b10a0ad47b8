// v += (dw*dw - v)(1 - rho);  s = lr dw / sqrt(v + epsilon);  w -= s or, with momentum, m = momentum m + s, then w -= m
// Keras' form. Centered: a += (dw - a)(1 - rho), and v - a*a replaces v under the root, or 0 if rounding makes it negative.
@group(0) @binding(6) var<storage, read_write> v: array<vec4f>;
#if ${has_momentum}
@group(0) @binding(7) var<storage, read_write> m: array<vec4f>;

override momentum: f32;
#endif
#if ${centered}
@group(0) @binding(8) var<storage, read_write> a: array<vec4f>;
#endif

override one_minus_rho: f32;
override epsilon: f32;

fn step_size(_chunk: vec4u) -> f32 { return state.learning_rate; }

fn update(i: u32, g: vec4f, w0: vec4f, rate: f32) -> vec4f {
  let v0 = v[i];
  let v1 = v0 + (g * g - v0) * one_minus_rho;
  v[i] = v1;
#if ${centered}
  let a0 = a[i];
  let a1 = a0 + (g - a0) * one_minus_rho;
  a[i] = a1;
  let spread = max(v1 - a1 * a1, vec4f());
#else
  let spread = v1;
#endif
  let step = rate * g / sqrt(spread + epsilon);
#if ${has_momentum}
  let m1 = momentum * m[i] + step;
  m[i] = m1;
  return decayed(w0) - m1;
#else
  return decayed(w0) - step;
#endif
}

