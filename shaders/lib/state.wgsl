// The state of a training step. The host writes the first block once per epoch; begin_step and gradient_norm_reduce update the rest, so
// that a step needs no data from the host.
struct State {
  seed: u32,
  epoch: u32,
  position: u32,    // start of the next batch in `order`
  samples: u32,     // length of `order` in this epoch
  halted: u32,      // 1 after too many bad steps in a row: later steps of the submission do nothing
  bad_in_a_row: u32,
  halt_at_once: u32, // 1 for a run that ends at its first bad step

  learning_rate: f32, // of this step, from the schedule
  step: u32,        // steps started over the whole run, including skipped ones
  start: u32,       // start of this batch in `order`
  count: u32,       // real samples of this batch; the slots after them contribute nothing
  updates: u32,     // steps that changed the weights
  skip: u32,        // 1 if this step's gradient is not finite: the optimizer changes nothing
  skipped: u32,     // number of skipped steps
  correction1: f32, // 1 - beta1^t, stored because 1 - pow() would suffer from cancellation; Nadam's momentum has a schedule
  correction2: f32, // 1 - beta2^t
}
