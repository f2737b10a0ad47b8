// norm[t]^2 = sum over the chunks of tensor t of partials.x;  skip = any gradient, norm[t]^2 or the loss isn't finite
// One workgroup; an invocation owns every 64th tensor. The squares and counts go into the step's record; invocation 0 then decides whether
// the step is skipped. If not, Adam's bias corrections advance; a skipped step changes nothing. If the optimizer clips by norm, factors[t]
// = most / max(norm, most), where norm is that of tensor t or, with global clipping, that of all tensors together. The norm before clipping
// is recorded.
@group(0) @binding(0) var<storage, read> partials: array<vec4f>; // from gradient_norm
@group(0) @binding(1) var<storage, read> tensors: array<vec2u>; // first chunk and one past the last
@group(0) @binding(2) var<storage, read_write> records: array<u32>;
@group(0) @binding(3) var<storage, read_write> state: State;
#if ${clips}
@group(0) @binding(4) var<storage, read_write> factors: array<f32>;

override most: f32;
#endif

override tensor_count: u32;
override record_words: u32;
override record_slots: u32;
#if ${scheduled}
override beta1: f32;
#else
override one_minus_beta1: f32;
#endif
override one_minus_beta2: f32;
override bad_steps_to_halt: u32;

var<workgroup> bad: atomic<u32>; // 1 if any norm is not finite
#if ${global}
var<workgroup> squares: array<f32, 64>;
#endif

fn is_infinite_or_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000u) == 0x7f800000u;
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) index: u32) {
  let record = state.step % record_slots * record_words;
#if ${global}
  var all = 0.0;
#endif
  for (var t = index; t < tensor_count; t += 64u) {
    var total = vec2f();
    for (var i = tensors[t].x; i < tensors[t].y; i++) { total += partials[i].xy; }
    let at = record + gradients_at + gradient_words * t;
    records[at + gradient_squares] = bitcast<u32>(total.x);
    records[at + gradient_non_finite] = u32(total.y);
    // Finite gradients whose squares overflow would make Adam's v, and with it the weights, non-finite.
    if ((total.y > 0.0) | is_infinite_or_nan(total.x)) { atomicStore(&bad, 1u); }
#if ${global}
    all += total.x;
#elif ${clips}
    factors[t] = most / max(sqrt(total.x), most);
#endif
  }
#if ${global}
  squares[index] = all;
#endif
  workgroupBarrier();
  if (index != 0u) { return; }
#if ${global}
  for (var i = 1u; i < 64u; i++) { all += squares[i]; }
  if (is_infinite_or_nan(all)) { atomicStore(&bad, 1u); }
  let factor = most / max(sqrt(all), most);
  for (var t = 0u; t < tensor_count; t++) { factors[t] = factor; }
#endif
  let skip = atomicLoad(&bad) == 1u || is_infinite_or_nan(bitcast<f32>(records[record + record_loss]));
  records[record + record_skipped] = u32(skip);
  records[record + record_updates] = state.updates;
  records[record + record_halted] = state.halted;
  records[record + record_learning_rate] = bitcast<u32>(state.learning_rate);
  state.skip = u32(skip || state.halted != 0u);
  if (state.halted != 0u) { return; }
  if (skip) {
    state.skipped += 1u;
    state.bad_in_a_row += 1u;
    if (state.halt_at_once != 0u || state.bad_in_a_row >= bad_steps_to_halt) { state.halted = 1u; }
    return;
  }
  state.bad_in_a_row = 0u;
  state.updates += 1u;
  // 1 - beta^(t+1) = (1 - beta^t) + beta^t * (1 - beta): this avoids cancellation, by which 1 - pow(beta, t) would lose five digits.
#if ${scheduled}
  let one_minus_beta1 = 1.0 - nadam_momentum(beta1, state.updates);
#endif
  state.correction1 += one_minus_beta1 * (1.0 - state.correction1);
  state.correction2 += one_minus_beta2 * (1.0 - state.correction2);
}
