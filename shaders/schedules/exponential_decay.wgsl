// rate = initial decay_rate^p, p = step / decay_steps, rounded down for a staircase
fn exponential_decay(step: u32, initial: f32, decay_steps: u32, log2_decay_rate: f32, staircase: u32) -> f32 {
  return initial * exp2(log2_decay_rate * share(step, decay_steps, staircase));
}
