// raised_cosine(p) = (1 - cos(pi p)) / 2 = sin(pi p / 2)^2 for p from 0 to 1, by its Taylor series, whose first omitted term is 6e-8.
// WGSL's own cos may be off by 2^-11, which at the end of a decay can be as large as the learning rate.
fn raised_cosine(p: f32) -> f32 {
  let q = p * p;
  let s = p * (1.5707964 + q * (-0.6459641 + q * (0.07969263 + q * (-0.0046817541 + q * (1.6044118e-4 - 3.598843e-6 * q)))));
  return s * s;
}

// step / decay_steps, rounded down for a staircase. It is computed from integers, because a quotient of floats may be just below an
// integer.
fn share(step: u32, decay_steps: u32, staircase: u32) -> f32 {
  let whole = step / decay_steps;
  return select(f32(step) / f32(decay_steps), f32(whole), staircase != 0u);
}

