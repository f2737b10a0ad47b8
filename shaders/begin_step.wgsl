// start, position = position, min(position + batch, samples);  count = position - start;  step = step + 1
// One invocation. After a halt the rest of the submission repeats the batch that failed, so that it can be diagnosed. With a schedule, it
// also computes the step's learning rate from the number of updates before it: src/kernels/schedule.ts.
@group(0) @binding(0) var<storage, read_write> state: State;
#if ${scheduled}
@group(0) @binding(1) var<storage, read> schedule: array<u32>;
#endif

override batch: u32;

@compute @workgroup_size(1)
fn main() {
  state.step += 1u;
  state.skip = 0u;
  if (state.halted != 0u) { return; }
#if ${scheduled}
  state.learning_rate = scheduled_rate(state.updates - schedule[schedule_begin]);
#endif
  state.start = state.position;
  state.count = min(batch, state.samples - state.position);
  state.position += state.count;
}
