// rate = (initial - end) left^power + end, left = 1 - step / total;  total = decay_steps, or the next multiple of it
fn polynomial_decay(step: u32, initial: f32, decay_steps: u32, end: f32, power: f32, cycle: u32) -> f32 {
  let cycles = select(1u, max(1u, step / decay_steps + u32(step % decay_steps != 0u)), cycle != 0u);
  let total = cycles * decay_steps;
  let left = f32(total - min(step, total)) / f32(total);
  let x = select(pow(left, power), left, power == 1.0);
  return (initial - end) * x + end;
}
