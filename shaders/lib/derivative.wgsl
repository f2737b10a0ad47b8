
// The derivative of an activation, computed from its output.
fn derivative(y: vec4f) -> vec4f {
#if ${relu}
  return select(vec4f(), vec4f(1.0), y > vec4f());
#elif ${tanh}
  return 1.0 - y * y;
#elif ${sigmoid}
  return y * (1.0 - y);
#elif ${relu6}
  return select(vec4f(), vec4f(1.0), (y > vec4f()) & (y < vec4f(6.0)));
#elif ${leaky_relu}
  return select(vec4f(${negative_slope}), vec4f(1.0), y > vec4f());
#elif ${elu}
  // Both elu and selu: below zero y = scale alpha (exp(z) - 1), so the derivative is y + scale alpha.
  return select(y + ${elu_scale} * ${elu_alpha}, vec4f(${elu_scale}), y > vec4f());
#elif ${softplus}
  // 1 - exp(-y), which cancels near zero, so its Taylor series is used there: for 0 <= y <= 1/2 the omitted terms are below 2^-26 of the
  // sum.
  let t = min(y, vec4f(0.5));
  var series = 1.0 - t / 8.0;
  series = 1.0 - t / 7.0 * series;
  series = 1.0 - t / 6.0 * series;
  series = 1.0 - t / 5.0 * series;
  series = 1.0 - t / 4.0 * series;
  series = 1.0 - t / 3.0 * series;
  series = 1.0 - t / 2.0 * series;
  return select(t * series, 1.0 - exp(-y), y > vec4f(0.5));
#elif ${softsign}
  let rest = 1.0 - abs(y);
  return rest * rest;
#elif ${hard_sigmoid}
  return select(vec4f(), vec4f(1.0 / 6.0), (y > vec4f()) & (y < vec4f(1.0)));
#elif ${exponential}
  return y;
#else
  return vec4f(1.0);
#endif
}

// The gradient before the activation that produced y, from the gradient after it.
fn before_activation(gradient: vec4f, y: vec4f) -> vec4f {
#if ${exponential}
  // The derivative is unbounded: an empty slot of a short batch has no gradient, but y may be infinite there, and infinity * 0 is NaN.
  return select(gradient * y, vec4f(), gradient == vec4f());
#else
  return gradient * derivative(y);
#endif
}
