// y[r,c] = act(gamma[c] * (x[r,c] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c] + residual[r,c])
// A row is a pixel of a sample. One invocation owns one or four channels of several rows, so the values of a channel are read once.
// mean and variance are those of the batch in training and the moving ones in inference.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read> statistics: array<${element}>; // the mean, then the variance at variance_at
@group(0) @binding(2) var<storage, read_write> y: array<${element}>;
#if ${scale}
@group(0) @binding(3) var<storage, read> gamma: array<${element}>;
#endif
#if ${center}
@group(0) @binding(4) var<storage, read> beta: array<${element}>;
#endif
#if ${residual}
@group(0) @binding(5) var<storage, read> residual: array<${element}>;
#endif

override elements: u32; // of y, in loads
override columns: u32;
override stride: u32;   // whole rows, as many as are owned side by side
override variance_at: u32;
override epsilon: f32;

alias Element = ${element};

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  if (index >= stride) { return; }
  let column = index % columns;
  let mean = statistics[column];
  var factor = inverseSqrt(statistics[variance_at + column] + epsilon);
#if ${scale}
  factor *= gamma[column];
#endif
#if ${center}
  let shift = beta[column];
#endif
  for (var at = index; at < elements; at += stride) {
    var z = factor * (x[at] - mean);
#if ${center}
    z += shift;
#endif
#if ${residual}
    z += residual[at];
#endif
#if ${vec}
    y[at] = activate(z);
#else
    y[at] = activate(vec4f(z)).x;
#endif
  }
}
