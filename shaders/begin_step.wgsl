// start, position = position, min(position + batch, samples);  count = position - start;  step = step + 1
// One invocation. After a halt there are no more samples: the rest of the submission works on nothing.
@group(0) @binding(0) var<storage, read_write> state: State;

override batch: u32;

@compute @workgroup_size(1)
fn main() {
  let left = select(state.samples - state.position, 0u, state.halted != 0u);
  state.step += 1u;
  state.start = state.position;
  state.count = min(batch, left);
  state.position += state.count;
  state.skip = 0u;
}
