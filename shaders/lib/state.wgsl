// What a training step knows of itself. begin_step advances it; the host writes it once an epoch, never in a step.
struct State {
  seed: u32,
  epoch: u32,
  step: u32,        // steps begun over the whole run, skipped ones included
  position: u32,    // where in `order` the next batch starts
  start: u32,       // where in `order` this batch starts
  count: u32,       // real samples of this batch; the slots behind them contribute nothing
  samples: u32,     // length of `order` in this epoch
  updates: u32,     // steps that really moved the weights
  learning_rate: f32,
  correction1: f32, // 1 - beta1^t, kept as such: 1 - pow() would lose it to cancellation
  correction2: f32, // 1 - beta2^t
  skip: u32,        // 1 when this step's gradient isn't finite: the optimizer leaves everything as it is
  bad_in_a_row: u32,
  skipped: u32,
  halted: u32,      // 1 after three bad steps in a row: later steps of the submission do nothing
  evaluating: u32,
}
