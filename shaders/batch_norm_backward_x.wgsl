// dx[r,c] = act'(x[r,c]) * gamma[c] * rstd[c] * (dy[r,c] - dbeta[c] / m - xhat[r,c] * dgamma[c] / m);  frozen: act' * gamma * rstd * dy
// rstd = 1 / sqrt(variance + epsilon), xhat = (x - mean) * rstd, m = the number of rows of the batch's real samples; act is the activation
// that produced x. In a frozen layer the statistics are constants. dx is 0 in empty slots. One invocation owns one or four channels of
// several rows.
@group(0) @binding(0) var<storage, read> dy: array<${element}>;
@group(0) @binding(1) var<storage, read> statistics: array<${element}>; // the mean, then the variance at variance_at
@group(0) @binding(2) var<storage, read> state: State;
@group(0) @binding(3) var<storage, read_write> dx: array<${element}>;
#if ${scale}
@group(0) @binding(4) var<storage, read> gamma: array<${element}>;
#endif
#if ${reads_x}
@group(0) @binding(5) var<storage, read> x: array<${element}>;
#endif
#if ${batch_statistics}
@group(0) @binding(6) var<storage, read> dgamma: array<${element}>;
@group(0) @binding(7) var<storage, read> dbeta: array<${element}>;
#endif

override elements: u32; // of dx, in loads
override rows_per_sample: u32;
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
  let rows = state.count * rows_per_sample;
  let rstd = inverseSqrt(statistics[variance_at + column] + epsilon);
#if ${scale}
  let factor = rstd * gamma[column];
#else
  let factor = rstd;
#endif
#if ${batch_statistics}
  let mean = statistics[column];
  let m = f32(max(1u, rows));
  let shift = dbeta[column] / m;
  let slope = rstd * dgamma[column] / m;
#endif
  let end = rows * columns;
  var at = index;
  for (; at < end; at += stride) {
#if ${reads_x}
    let value = x[at];
#endif
#if ${batch_statistics}
    let dz = factor * (dy[at] - shift - slope * (value - mean));
#else
    let dz = factor * dy[at];
#endif
#if ${activated}
#if ${vec}
    dx[at] = dz * derivative(value);
#else
    dx[at] = dz * derivative(vec4f(value)).x;
#endif
#else
    dx[at] = dz;
#endif
  }
  for (; at < elements; at += stride) { dx[at] = Element(); }
}
