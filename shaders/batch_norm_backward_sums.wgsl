// dgamma[k,c] = sum of dy[r,c] (x[r,c] - mean[c]) / sqrt(variance[c] + epsilon), dbeta[k,c] = sum of dy[r,c], over r in chunk k
// A row is a pixel of a real sample; sum_parts adds up the chunks. One workgroup owns one chunk and ${column_invocations} columns of
// one or four channels.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read> dy: array<${element}>;
@group(0) @binding(2) var<storage, read> statistics: array<${element}>; // the mean, then the variance at variance_at
@group(0) @binding(3) var<storage, read> state: State;
@group(0) @binding(4) var<storage, read_write> dgamma: array<${element}>;
@group(0) @binding(5) var<storage, read_write> dbeta: array<${element}>;

override variance_at: u32;
override epsilon: f32;

@compute @workgroup_size(row_invocations * column_invocations)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunk_of(group, index);
  let mean = statistics[min(chunk.column, columns - 1u)];
  var products = Element();
  var sum = Element();
  for (var row = chunk.row; row < chunk.end; row += row_invocations) {
    let at = row * columns + chunk.column;
    let g = dy[at];
    sum += g;
    products += g * (x[at] - mean);
  }
  products = sum_of_column(products, index);
  sum = sum_of_column(sum, index);
  if (writes(chunk, index)) {
    let at = group.x * columns + chunk.column;
    dgamma[at] = products * inverseSqrt(statistics[variance_at + chunk.column] + epsilon);
    dbeta[at] = sum;
  }
}
