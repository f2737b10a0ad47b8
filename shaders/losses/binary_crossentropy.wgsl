// y = sigmoid(z);  loss = -(s log y + (1 - s) log(1 - y)) = max(z, 0) - s z + log(1 + e^-|z|);  slope = y - s
// s is the target t, smoothed: t (1 - label_smoothing) + label_smoothing / 2.
override label_smoothing: f32;

fn smoothed(t: f32) -> f32 { return t * (1.0 - label_smoothing) + 0.5 * label_smoothing; }

fn output_of(z: f32) -> f32 {
  // Uses the exponential of -|z|, so that nothing overflows. For a NaN it may be a number, so z itself is returned in that case.
  let e = exp(-abs(z));
  return select(select(e, 1.0, z >= 0.0) / (1.0 + e), z, is_nan(vec4f(z)).x);
}

fn loss_of(z: f32, t: f32) -> f32 {
  let value = max(z, 0.0) - smoothed(t) * z + log(1.0 + exp(-abs(z)));
  return select(value, z, is_nan(vec4f(z)).x);
}

fn slope_of(z: f32, t: f32) -> f32 { return output_of(z) - smoothed(t); }
