// What a loss writes into the record of its step; `measured` is the count of correct predictions, or the bits of a sum.
fn write_loss(loss: f32, measured: u32) {
  let record = state.step % record_slots * record_words;
  records[record + record_step] = state.step;
  records[record + record_epoch] = state.epoch;
  records[record + record_count] = state.count;
  records[record + record_loss] = bitcast<u32>(loss);
  records[record + record_correct] = measured;
}
