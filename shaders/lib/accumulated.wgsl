// The sums over the micro-batches of a step so far.
struct Accumulated {
  own: u32,   // samples of this micro-batch that count; 0 where the step has no more
  count: u32, // samples of the step up to this micro-batch
  loss: f32,
  correct: u32,
}
