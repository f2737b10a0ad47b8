
// The layer's activation. NaN stays NaN, although max(NaN, 0) may be 0, and exp or tanh of NaN may be a number, which would hide it.
fn activate(z: vec4f) -> vec4f {
#if ${relu}
  return select(z, vec4f(), z < vec4f());
#elif ${tanh}
  // tanh overflows to NaN beyond about 88 in some implementations; from 10 on it is exactly 1 in float32.
  return select(tanh(clamp(z, vec4f(-15.0), vec4f(15.0))), z, is_nan(z));
#elif ${sigmoid}
  return select(1.0 / (1.0 + exp(-z)), z, is_nan(z));
#elif ${relu6}
  return select(clamp(z, vec4f(), vec4f(6.0)), z, is_nan(z));
#elif ${leaky_relu}
  return select(z, ${negative_slope} * z, z < vec4f());
#elif ${elu}
  // Both elu and selu. exp(z) - 1 cancels near zero, so its Taylor series is used there: for -1/2 <= z <= 0 the omitted terms are below
  // 2^-26 of the sum.
  let t = clamp(z, vec4f(-0.5), vec4f());
  var series = 1.0 + t / 8.0;
  series = 1.0 + t / 7.0 * series;
  series = 1.0 + t / 6.0 * series;
  series = 1.0 + t / 5.0 * series;
  series = 1.0 + t / 4.0 * series;
  series = 1.0 + t / 3.0 * series;
  series = 1.0 + t / 2.0 * series;
  let below = select(t * series, exp(z) - 1.0, z < vec4f(-0.5));
  return ${elu_scale} * select(${elu_alpha} * below, z, (z > vec4f()) | is_nan(z));
#elif ${softplus}
  // max(z, 0) + log(1 + e) with e = exp(-|z|). log(1 + e) = 2 atanh(e / (2 + e)), whose series keeps all digits of a small
  // e, which 1 + e would not; the omitted terms are below 2^-25 of the sum.
  let e = exp(-abs(z));
  let s = e / (2.0 + e);
  let q = s * s;
  var series = 1.0 / 11.0 + q / 13.0;
  series = 1.0 / 9.0 + q * series;
  series = 1.0 / 7.0 + q * series;
  series = 1.0 / 5.0 + q * series;
  series = 1.0 / 3.0 + q * series;
  series = 1.0 + q * series;
  return select(max(z, vec4f()) + 2.0 * s * series, z, is_nan(z));
#elif ${softsign}
  return z / (1.0 + abs(z));
#elif ${hard_sigmoid}
  // 1/6 as a float32 is above 1/6, so z >= 3 gives exactly 1, which the derivative checks for.
  return select(clamp((z + 3.0) * (1.0 / 6.0), vec4f(), vec4f(1.0)), z, is_nan(z));
#elif ${exponential}
  return select(exp(z), z, is_nan(z));
#else
  return z;
#endif
}
