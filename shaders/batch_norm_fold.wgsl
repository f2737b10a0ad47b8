// w_folded[r,c] = w[r,c] * factor[c];  b_folded[c] = (b[c] - mean[c]) * factor[c] + beta[c];  factor = gamma / sqrt(variance + epsilon)
// Folds a batch normalization into the convolution or dense layer before it, for inference; c is an output channel. One invocation owns one
// or four channels of several rows of w; the first of a column also owns its bias.
@group(0) @binding(0) var<storage, read> w: array<${element}>;
@group(0) @binding(1) var<storage, read> statistics: array<${element}>; // the moving mean, then the moving variance at variance_at
@group(0) @binding(2) var<storage, read_write> w_folded: array<${element}>;
@group(0) @binding(3) var<storage, read_write> b_folded: array<${element}>;
#if ${use_bias}
@group(0) @binding(4) var<storage, read> b: array<${element}>;
#endif
#if ${scale}
@group(0) @binding(5) var<storage, read> gamma: array<${element}>;
#endif
#if ${center}
@group(0) @binding(6) var<storage, read> beta: array<${element}>;
#endif

override elements: u32; // of w, in loads
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
  var factor = inverseSqrt(statistics[variance_at + column] + epsilon);
#if ${scale}
  factor *= gamma[column];
#endif
  for (var at = index; at < elements; at += stride) { w_folded[at] = factor * w[at]; }
  if (index >= columns) { return; }
  var bias = -statistics[column];
#if ${use_bias}
  bias += b[column];
#endif
  bias *= factor;
#if ${center}
  bias += beta[column];
#endif
  b_folded[column] = bias;
}
