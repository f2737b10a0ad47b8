// p = softmax(z);  loss = -sum over n,k of t[n,k] log p[n,k];  dz[n,k] = (p[n,k] sum of t[n] - t[n,k]) / count
// t[n,k] is 1 where k = labels[n]; with soft labels it is targets[n,k].
// One workgroup processes the batch: an invocation owns every 64th sample; the sums of loss and correct go into the step's record.
// Samples after the real count get p and a gradient of zero. With regularizers, loss += count * sum of penalties, so that the mean over the
// samples increases by that sum.
@group(0) @binding(0) var<storage, read> z: array<f32>;
#if ${soft}
@group(0) @binding(1) var<storage, read> targets: array<f32>;
#else
@group(0) @binding(1) var<storage, read> labels: array<u32>;
#endif

override classes: u32;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) index: u32) {
  var loss = 0.0;
  var hit = 0u;
  for (var n = index; n < batch; n += 64u) {
    let row = n * classes;
    let peak = peak_of(row, classes);
    let largest = peak.value;
    var sum = 0.0;
    for (var k = 0u; k < classes; k++) {
      let below = z[row + k] - largest;
      let e = select(exp(below), below, is_nan(vec4f(below)).x);
      p[row + k] = e;
      sum += e;
    }
    let log_sum = select(log(sum), sum, is_nan(vec4f(sum)).x);
    let real = n < state.count;
#if ${soft}
    var label = 0u; // the first of the largest targets
    var whole = 0.0;
    for (var k = 0u; k < classes; k++) {
      whole += targets[row + k];
      if (targets[row + k] > targets[row + label]) { label = k; }
    }
#else
    let label = labels[n];
    let whole = 1.0;
#endif
    for (var k = 0u; k < classes; k++) {
#if ${soft}
      let share = targets[row + k];
      // A target of 0 adds no loss, even if the class has probability 0.
      loss += select(0.0, share * (log_sum + largest - z[row + k]), real && share != 0.0);
#else
      let share = select(0.0, 1.0, k == label);
#endif
      let probability = p[row + k] / sum;
      p[row + k] = probability;
      dz[row + k] = select(0.0, (probability * whole - share) / f32(state.count), real);
    }
    if (real) {
#if ${soft}
#else
      loss += log_sum + largest - z[row + label];
#endif
      hit += select(0u, 1u, peak.place == label);
    }
  }
  write_sums(index, loss, hit);
}
