// s = n dw after the first micro-batch of a step, s += n dw after the next ones, dw = (s + n dw) / count after the last
// n is the number of counted samples of the micro-batch, count that of the whole step. dw, the gradient of the mean over a micro-batch,
// becomes the gradient of the mean over the step. One workgroup owns one chunk, a run of vec4s of one tensor. The first one also adds up
// the losses and the correct predictions, and finally writes them to the step's record.
#if ${last}
@group(0) @binding(0) var<storage, read_write> dw: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> dw: array<vec4f>;
#endif
@group(0) @binding(1) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, unused
@group(0) @binding(2) var<storage, read> state: State;
#if ${last}
@group(0) @binding(3) var<storage, read> s: array<vec4f>;
@group(0) @binding(4) var<storage, read> accumulated: Accumulated;
@group(0) @binding(5) var<storage, read_write> records: array<u32>;
#else
@group(0) @binding(3) var<storage, read_write> s: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> accumulated: Accumulated;
@group(0) @binding(5) var<storage, read> records: array<u32>;
#endif

override record_words: u32;
override record_slots: u32;

const workgroup_size = ${workgroup_size}u;

// No value that another workgroup reads is written here: of `accumulated` they read only own and, in the last micro-batch, count.
fn add_up(own: u32) {
  let record = state.step % record_slots * record_words;
  let loss = bitcast<f32>(records[record + record_loss]);
  let correct = records[record + record_correct];
#if ${first}
  accumulated.count = own;
  accumulated.loss = loss;
  accumulated.correct = correct;
#else
  let all_loss = accumulated.loss + select(0.0, loss, own != 0u);
#if ${fractional}
  let all_correct = bitcast<u32>(bitcast<f32>(accumulated.correct) + select(0.0, bitcast<f32>(correct), own != 0u));
#else
  let all_correct = accumulated.correct + select(0u, correct, own != 0u);
#endif
#if ${last}
  records[record + record_count] = accumulated.count;
  records[record + record_loss] = bitcast<u32>(all_loss);
  records[record + record_correct] = all_correct;
#else
  accumulated.loss = all_loss;
  accumulated.correct = all_correct;
#endif
#endif
}

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
#if ${first}
  let own = state.count;
#else
  let own = accumulated.own;
#endif
  let n = f32(own);
  let chunk = chunks[group.x];
  for (var i = chunk.x + index; i < chunk.y; i += workgroup_size) {
#if ${first}
    s[i] = n * dw[i];
#elif ${last}
    // A micro-batch that is not counted may have a non-finite gradient.
    dw[i] = (s[i] + select(vec4f(), n * dw[i], own != 0u)) / f32(accumulated.count);
#else
    if (own != 0u) { s[i] += n * dw[i]; }
#endif
  }
  if (group.x == 0u && index == 0u) { add_up(own); }
}
