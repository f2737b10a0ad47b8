// matrices: w -= lr scale o;  others: Adam's step at lr ratio, or w -= lr m with m = momentum m + dw or, nesterov, lr (dw + momentum m)
// o and the momentum of the matrices come from muon_momentum and the newton_schulz kernels; the chunks of a matrix contain its scale.
@group(0) @binding(6) var<storage, read_write> m: array<vec4f>;
#if ${adam}
@group(0) @binding(7) var<storage, read_write> v: array<vec4f>;
#endif
#if ${matrices}
@group(0) @binding(8) var<storage, read> o: array<vec4f>;
#endif
#if ${adam}

override ratio: f32;
override one_minus_beta1: f32;
override one_minus_beta2: f32;
override epsilon: f32;
#else

override momentum: f32;
#endif

fn step_size(chunk: vec4u) -> vec2f {
#if ${matrices}
  if (chunk.w != 0u) { return vec2f(state.learning_rate * bitcast<f32>(chunk.w), 1.0); }
#endif
#if ${adam}
  return vec2f(state.learning_rate * ratio * sqrt(state.correction2) / state.correction1, 0.0);
#else
  return vec2f(state.learning_rate, 0.0);
#endif
}

fn update(i: u32, g: vec4f, w0: vec4f, rate: vec2f) -> vec4f {
#if ${matrices}
  if (rate.y != 0.0) { return decayed(w0) - rate.x * o[i]; }
#endif
  let m0 = m[i];
#if ${adam}
  let v0 = v[i];
  let m1 = m0 + (g - m0) * one_minus_beta1;
  let v1 = v0 + (g * g - v0) * one_minus_beta2;
  m[i] = m1;
  v[i] = v1;
  return decayed(w0) - rate.x * m1 / (sqrt(v1) + epsilon);
#else
  let m1 = momentum * m0 + g;
  m[i] = m1;
#if ${nesterov}
  return decayed(w0) - rate.x * (g + momentum * m1);
#else
  return decayed(w0) - rate.x * m1;
#endif
#endif
}

