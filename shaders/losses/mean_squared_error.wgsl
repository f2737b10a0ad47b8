// y = z;  loss = (z - t)^2;  slope = 2 (z - t)
fn output_of(z: f32) -> f32 { return z; }

fn loss_of(z: f32, t: f32) -> f32 {
  let e = z - t;
  return e * e;
}

fn slope_of(z: f32, t: f32) -> f32 { return 2.0 * (z - t); }
