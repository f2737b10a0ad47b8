// The sums over the micro-batches of a step so far.
struct Accumulated {
  own: u32,   // number of counted samples of this micro-batch; 0 if the step has no more
  count: u32, // samples of the step up to this micro-batch
  loss: f32,
  correct: u32,
}
