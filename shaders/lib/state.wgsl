// The state of a training step. The host writes the first block, once an epoch; begin_step and
// gradient_norm_reduce move the rest, so that a step needs nothing from the host.
struct State {
  seed: u32,
  epoch: u32,
  position: u32,    // where in `order` the next batch starts
  samples: u32,     // length of `order` in this epoch
  halted: u32,      // 1 after too many bad steps in a row: later steps of the submission do nothing
  bad_in_a_row: u32,
  halt_at_once: u32, // 1 for a run that ends at its first bad step

  learning_rate: f32, // of this step, from the schedule
  step: u32,        // steps begun over the whole run, skipped ones included
  start: u32,       // where in `order` this batch starts
  count: u32,       // real samples of this batch; the slots after them contribute nothing
  updates: u32,     // steps that really moved the weights
  skip: u32,        // 1 when this step's gradient isn't finite: the optimizer changes nothing
  skipped: u32,     // how many were
  correction1: f32, // 1 - beta1^t, kept as such: 1 - pow() would lose it to cancellation; Nadam's momentum has a schedule
  correction2: f32, // 1 - beta2^t
}
