
// The logarithm of a gamma variate of shape a (Marsaglia and Tsang 2000), computed for a below 1 from shape a + 1. Every attempt uses
// different random numbers; all 16 attempts are rejected once in 10^20.
fn log_gamma_draw(key: Key, purpose: u32, tries: u32, a: f32) -> f32 {
  let shape = select(a, a + 1.0, a < 1.0);
  let d = shape - 1.0 / 3.0;
  let c = 1.0 / sqrt(9.0 * d);
  var result = log(d);
  for (var i = 0u; i < 16u; i++) {
    let w = words(Key(key.seed, key.epoch, key.sample, key.copy + ((tries + i + 1u) << 16u)), purpose);
    let u = (vec4f(w >> vec4u(8u)) + 0.5) * 0x1p-24;
    let x = sqrt(-2.0 * log(u.x)) * cos(6.283185307 * u.y);
    let v = pow(max(1.0 + c * x, 0.0), 3.0);
    if (v > 0.0 && log(u.z) < 0.5 * x * x + d - d * v + d * log(v)) {
      result = log(d * v);
      break;
    }
  }
  let boost = words(Key(key.seed, key.epoch, key.sample, key.copy + ((tries + 17u) << 16u)), purpose);
  return result + select(0.0, log((f32(boost.x >> 8u) + 0.5) * 0x1p-24) / a, a < 1.0);
}

// Beta(a, a), computed from logarithms, because with a small a gamma variates underflow in float32.
fn beta(key: Key, purpose: u32, a: f32) -> f32 {
  if (a == 1.0) { return unit(key, purpose); }
  return 1.0 / (1.0 + exp(log_gamma_draw(key, purpose, 32u, a) - log_gamma_draw(key, purpose, 0u, a)));
}
