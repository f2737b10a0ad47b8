// y = z;  loss = e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2;  slope = e, cut off at -delta and delta;  e = z - t
override delta: f32;

fn output_of(z: f32) -> f32 { return z; }

fn loss_of(z: f32, t: f32) -> f32 {
  let e = abs(z - t);
  return select(delta * (e - 0.5 * delta), 0.5 * e * e, e <= delta);
}

fn slope_of(z: f32, t: f32) -> f32 {
  let e = z - t;
  // The bounds of a NaN may be numbers.
  return select(clamp(e, -delta, delta), e, is_nan(vec4f(e)).x);
}
