// skipped for its gradients: scale = scale / 2, good = 0;  otherwise good = good + 1 and, once it is `growth_interval`, scale = 2 scale, good = 0
// One invocation, the last of a training step. The scale is a power of two from 1 to `largest`, and its inverse is stored because a division
// may round. A step that was skipped because its scaled gradients left the range of float16 does not count towards a halt. If the loss is not
// finite, or the scale is already 1, a smaller scale would not help: the scale stays, and the step counts as bad like any other.
@group(0) @binding(0) var<storage, read_write> scaled: ScaledState;
@group(0) @binding(1) var<storage, read_write> records: array<u32>;

override record_words: u32;
override record_slots: u32;
override growth_interval: f32;
override largest: f32;

struct ScaledState {
  state: State,
  @align(256) scale: f32, // an offset at which the scale can be bound on its own
  inverse: f32,
  good: f32, // updates since the scale last changed
  unused: f32,
}

@compute @workgroup_size(1)
fn main() {
  let record = scaled.state.step % record_slots * record_words;
  records[record + record_words - 1u] = bitcast<u32>(scaled.scale);
  if (records[record + record_halted] != 0u) { return; }
  if (records[record + record_skipped] == 0u) {
    scaled.good += 1.0;
    if (scaled.good < growth_interval) { return; }
    scaled.good = 0.0;
    if (scaled.scale < largest) {
      scaled.scale *= 2.0;
      scaled.inverse *= 0.5;
    }
    return;
  }
  scaled.good = 0.0;
  let loss_is_finite = (records[record + record_loss] & 0x7f800000u) != 0x7f800000u;
  if (loss_is_finite && scaled.scale > 1.0) {
    scaled.scale *= 0.5;
    scaled.inverse *= 2.0;
    scaled.state.bad_in_a_row = 0u;
    scaled.state.halted = 0u;
  }
}
