
// The common part of all losses: outputs and their gradient [batch, ...], the record, and the sums of its 64 invocations.
@group(0) @binding(2) var<storage, read> state: State;
@group(0) @binding(3) var<storage, read_write> p: array<f32>;
@group(0) @binding(4) var<storage, read_write> dz: array<f32>;
@group(0) @binding(5) var<storage, read_write> records: array<u32>;
#if ${regularized}
@group(0) @binding(6) var<storage, read> penalties: array<f32>; // from weight_penalty

override penalty_count: u32;
#endif

override batch: u32;
override record_words: u32;
override record_slots: u32;

var<workgroup> losses: array<f32, 64>;
var<workgroup> correct: atomic<u32>;

// Adds up the sums of the invocations in a fixed order and writes them to the record.
fn write_sums(index: u32, loss: f32, hit: u32) {
  losses[index] = loss;
  atomicAdd(&correct, hit);
  workgroupBarrier();
  if (index == 0u) {
    var all = loss;
    for (var i = 1u; i < 64u; i++) { all += losses[i]; }
    write_loss(all, atomicLoad(&correct));
  }
}

// Writes the loss, including the weight penalties, to the record of its step; `measured` is the number of correct predictions, or the bits
// of a sum.
fn write_loss(loss: f32, measured: u32) {
  let record = state.step % record_slots * record_words;
  records[record + record_step] = state.step;
  records[record + record_epoch] = state.epoch;
  records[record + record_count] = state.count;
#if ${regularized}
  var penalty = 0.0;
  for (var i = 0u; i < penalty_count; i++) { penalty += penalties[i]; }
  records[record + record_loss] = bitcast<u32>(loss + f32(state.count) * penalty);
#else
  records[record + record_loss] = bitcast<u32>(loss);
#endif
  records[record + record_correct] = measured;
}
