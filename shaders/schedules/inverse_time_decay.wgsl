// rate = initial / (1 + decay_rate p), p = step / decay_steps, rounded down for a staircase
fn inverse_time_decay(step: u32, initial: f32, decay_steps: u32, decay_rate: f32, staircase: u32) -> f32 {
  return initial / (1.0 + decay_rate * share(step, decay_steps, staircase));
}
