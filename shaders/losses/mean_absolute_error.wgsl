// y = z;  loss = |z - t|;  slope = sign(z - t)
fn output_of(z: f32) -> f32 { return z; }

fn loss_of(z: f32, t: f32) -> f32 { return abs(z - t); }

fn slope_of(z: f32, t: f32) -> f32 {
  let e = z - t;
  // The sign of a NaN may be a number.
  return select(sign(e), e, is_nan(vec4f(e)).x);
}
