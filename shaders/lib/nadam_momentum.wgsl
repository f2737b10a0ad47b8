
// beta1 (1 - 0.96^t / 2), Dozat's schedule: the momentum of update t. The constant is log2(0.96), which WGSL's log2 would compute less
// accurately.
fn nadam_momentum(beta1: f32, t: u32) -> f32 {
  const log2_decay = -0.05889368905356852;
  return beta1 * (1.0 - 0.5 * exp2(log2_decay * f32(t)));
}
