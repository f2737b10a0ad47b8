// Writes the loss into the record of its step, with the penalties of the weights that are part of it; `measured` is the
// count of correct predictions, or the bits of a sum.
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
