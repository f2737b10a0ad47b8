
#if ${gelu}
// The standard normal distribution function. WGSL has no erf; this is formula 7.1.26 of Abramowitz and Stegun, Handbook of
// Mathematical Functions (1964): the error in erf is at most 1.5e-7, and half of that here. It computes the smaller tail, which stays
// accurate far from zero.
fn normal_distribution(x: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.3275911 * 0.70710678 * abs(x));
  var tail = 1.061405429 * t - 1.453152027;
  tail = tail * t + 1.421413741;
  tail = tail * t - 0.284496736;
  tail = tail * t + 0.254829592;
  tail = 0.5 * tail * t * exp(-0.5 * x * x);
  return select(1.0 - tail, tail, x < vec4f());
}
#else
#if ${silu}
// sigmoid(x) and 1 - sigmoid(x), both without cancellation.
struct Sigmoid { value: vec4f, rest: vec4f, }

fn sigmoid(x: vec4f) -> Sigmoid {
  let e = exp(-abs(x));
  let large = 1.0 / (1.0 + e);
  let small = e / (1.0 + e);
  return Sigmoid(select(large, small, x < vec4f()), select(small, large, x < vec4f()));
}
#endif
#endif

// An activation whose derivative cannot be computed from its own value. NaN stays NaN.
fn activate(x: vec4f) -> vec4f {
#if ${gelu}
  return select(x * normal_distribution(x), x, is_nan(x));
#elif ${silu}
  return select(x * sigmoid(x).value, x, is_nan(x));
#elif ${hard_swish}
  return select(x * clamp((x + 3.0) * (1.0 / 6.0), vec4f(), vec4f(1.0)), x, is_nan(x));
#else
  // mish: x tanh(log(1 + e)) = x n / (n + 2) with e = exp(x) and n = e (e + 2). From 20 on it is x to the last bit, and e
  // would overflow.
  let e = exp(min(x, vec4f(20.0)));
  let n = e * (e + 2.0);
  return select(x * (n / (n + 2.0)), x, is_nan(x));
#endif
}

// Its derivative, from its input.
fn derivative(x: vec4f) -> vec4f {
#if ${gelu}
  let density = 0.39894228 * exp(-0.5 * x * x);
  return select(normal_distribution(x) + x * density, x, is_nan(x));
#elif ${silu}
  let s = sigmoid(x);
  return select(s.value * (1.0 + x * s.rest), x, is_nan(x));
#elif ${hard_swish}
  let inside = (x > vec4f(-3.0)) & (x < vec4f(3.0));
  return select(select(vec4f(), vec4f(1.0), x >= vec4f(3.0)), x * (1.0 / 3.0) + 0.5, inside | is_nan(x));
#else
  let e = exp(min(x, vec4f(20.0)));
  let n = e * (e + 2.0);
  let slope = 4.0 * e * (1.0 + e) / ((n + 2.0) * (n + 2.0));
  return select(n / (n + 2.0) + x * slope, x, is_nan(x));
#endif
}
