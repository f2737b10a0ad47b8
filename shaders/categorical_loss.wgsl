// p = softmax(z);  loss = sum over n of weight[n] sum over k of t[n,k] f(p[n,k]);  dz = its derivative / count
// t[n,k] is 1 where k = labels[n]; with soft labels it is targets[n,k]. Both are smoothed by label_smoothing. The fragment of the loss
// defines f and c, with dz[n,k] = (p[n,k] sum over j of t[n,j] c[n,j] - t[n,k] c[n,k]) weight[n] / count. This is softmax_cross_entropy
// with options; runs without options use that kernel, so that their results stay bit-identical.
// One workgroup processes the batch: an invocation owns every 64th sample; the sums of loss and correct go into the step's record.
@group(0) @binding(0) var<storage, read> z: array<f32>;
#if ${soft}
@group(0) @binding(1) var<storage, read> targets: array<f32>;
#else
@group(0) @binding(1) var<storage, read> labels: array<u32>;
#endif
#if ${weighted}
@group(0) @binding(7) var<storage, read> weights: array<f32>; // per sample
#endif

override outputs: u32;
override label_smoothing: f32;

fn smoothed(share: f32) -> f32 { return share * (1.0 - label_smoothing) + label_smoothing / f32(outputs); }

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) index: u32) {
  var loss = 0.0;
  var hit = 0u;
  for (var n = index; n < batch; n += 64u) {
    let row = n * outputs;
    let peak = peak_of(row, outputs);
    let largest = peak.value;
    var sum = 0.0;
    for (var k = 0u; k < outputs; k++) {
      let below = z[row + k] - largest;
      sum += select(exp(below), below, is_nan(vec4f(below)).x);
    }
    let log_sum = select(log(sum), sum, is_nan(vec4f(sum)).x);
    let real = n < state.count;
#if ${weighted}
    let weight = weights[n];
#else
    let weight = 1.0;
#endif
#if ${soft}
    var label = 0u; // the first of the largest targets
    for (var k = 1u; k < outputs; k++) {
      if (targets[row + k] > targets[row + label]) { label = k; }
    }
#else
    let label = labels[n];
#endif
    var own = 0.0;
    var whole = 0.0;
    for (var k = 0u; k < outputs; k++) {
#if ${soft}
      let share = smoothed(targets[row + k]);
#else
      let share = smoothed(select(0.0, 1.0, k == label));
#endif
      let below = z[row + k] - largest;
      let probability = select(exp(below), below, is_nan(vec4f(below)).x) / sum;
      let f = factors(probability, below - log_sum);
      p[row + k] = probability;
      // Holds the term to be subtracted until the sum over the classes is known.
      dz[row + k] = share * f.y;
      // A target of 0 adds no loss, even if the class has probability 0.
      own += select(0.0, share * f.x, share != 0.0);
      whole += share * f.y;
    }
    for (var k = 0u; k < outputs; k++) {
      let gradient = (p[row + k] * whole - dz[row + k]) * weight / f32(state.count);
      dz[row + k] = select(0.0, gradient, real);
    }
    if (real) {
      loss += weight * own;
      hit += select(0u, 1u, peak.place == label);
    }
  }
  write_sums(index, loss, hit);
}
