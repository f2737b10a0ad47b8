// y = output_of(z);  loss = sum over n of weight[n] mean over k of loss_of(z[n,k], t[n,k]);  dz = its derivative / count
// The outputs [batch, outputs] are independent of each other: the fragment of the loss computes y, the loss, its derivative and the metric
// of one output. One workgroup processes the batch: an invocation owns every 64th sample; the sums of loss and metric go into the step's
// record. The metric is whether a label is predicted (a count over all outputs), or the absolute error (the mean over the outputs).
// Samples after the real count get y and a gradient of zero.
@group(0) @binding(0) var<storage, read> z: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
#if ${weighted}
@group(0) @binding(7) var<storage, read> weights: array<f32>; // per sample
#endif

override outputs: u32;

var<workgroup> measures: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) index: u32) {
  var loss = 0.0;
  var measure = 0.0;
  var hit = 0u;
  for (var n = index; n < batch; n += 64u) {
    let row = n * outputs;
    let real = n < state.count;
#if ${weighted}
    let weight = weights[n];
#else
    let weight = 1.0;
#endif
    let scale = weight / (f32(state.count) * f32(outputs));
    var own = 0.0;
    var error = 0.0;
    for (var k = 0u; k < outputs; k++) {
      let value = z[row + k];
      let t = targets[row + k];
      let y = output_of(value);
      p[row + k] = y;
      dz[row + k] = select(0.0, slope_of(value, t) * scale, real);
      own += loss_of(value, t);
      error += abs(y - t);
      hit += select(0u, 1u, real && (y > 0.5) == (t > 0.5));
    }
    if (real) {
      loss += weight * own / f32(outputs);
      measure += error / f32(outputs);
    }
  }
  losses[index] = loss;
  measures[index] = measure;
  atomicAdd(&correct, hit);
  workgroupBarrier();
  if (index == 0u) {
    for (var i = 1u; i < 64u; i++) {
      loss += losses[i];
      measure += measures[i];
    }
#if ${counted}
    write_loss(loss, atomicLoad(&correct));
#else
    write_loss(loss, bitcast<u32>(measure));
#endif
  }
}
