// rate = initial ((1 - alpha) m_mul^i (1 + cos(pi p)) / 2 + alpha), p = the elapsed fraction of the i-th period
// Each period is t_mul times as long as the one before it. Rounding in the sum of their lengths does not shift a restart by a step.
fn cosine_decay_restarts(
  step: u32, initial: f32, first_decay_steps: u32, t_mul: f32, log2_m_mul: f32, alpha: f32,
) -> f32 {
  let equal = t_mul == 1.0;
  var restarts = select(0u, step / first_decay_steps, equal);
  var position = f32(step - restarts * first_decay_steps);
  var length = f32(first_decay_steps);
  while (!equal && position >= length * (1.0 - 1e-6)) {
    position -= length;
    length *= t_mul;
    restarts++;
  }
  let left = min(1.0, (length - position) / length);
  return initial * ((1.0 - alpha) * exp2(log2_m_mul * f32(restarts)) * raised_cosine(left) + alpha);
}
