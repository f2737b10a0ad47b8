// rate = warmup_target ((1 - alpha) (1 + cos(pi p)) / 2 + alpha), p = (step - warmup_steps) / decay_steps; before it, a line
fn cosine_decay(step: u32, initial: f32, decay_steps: u32, alpha: f32, warmup_target: f32, warmup_steps: u32) -> f32 {
  if (step < warmup_steps) { return initial + (warmup_target - initial) * f32(step) / f32(warmup_steps); }
  let left = f32(decay_steps - min(step - warmup_steps, decay_steps)) / f32(decay_steps);
  return warmup_target * ((1.0 - alpha) * raised_cosine(left) + alpha);
}
