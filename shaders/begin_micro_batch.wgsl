// start, position = position, min(position + batch, samples);  own = count = position - start
// One invocation. Runs for every micro-batch of a step except the first, which begin_step starts. If the step has no more samples, the
// previous micro-batch is computed again without being counted (own = 0), so that every buffer keeps numbers of real samples. The same
// happens after a halt, and after a micro-batch whose loss is not finite: that step will be skipped, and its numbers remain available for
// the diagnosis.
@group(0) @binding(0) var<storage, read_write> state: State;
@group(0) @binding(1) var<storage, read_write> accumulated: Accumulated;

override batch: u32;

@compute @workgroup_size(1)
fn main() {
  if (state.halted != 0u) { return; }
  let own = min(batch, state.samples - state.position);
  let start = state.position;
  state.position += own;
  accumulated.count += own;
  let is_bad = (bitcast<u32>(accumulated.loss) & 0x7f800000u) == 0x7f800000u;
  accumulated.own = select(own, 0u, is_bad);
  if (accumulated.own == 0u) { return; }
  state.start = start;
  state.count = own;
}
