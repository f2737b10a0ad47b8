// mean[c] = sum over k of n[k] mean[k,c] / n;  variance[c] = sum over k of (M2[k,c] + n[k] (mean[k,c] - mean[c])^2) / n
// k are the chunks of batch_norm_statistics, n[k] their rows and n the rows of all real samples: Chan's formula over all chunks
// at once. Means are summed as differences from the mean of the first chunk, so that no digits are lost if the means are large. One
// workgroup owns one column of one or four channels, each of its invocations every ${workgroup_size}th chunk; the order of the sums is
// fixed.
@group(0) @binding(0) var<storage, read> partials: array<${element}>; // mean and M2 of chunk 0, of chunk 1 ...
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read_write> statistics: array<${element}>; // the mean, then the variance at variance_at

override rows_per_sample: u32;
override rows_per_chunk: u32;
override chunks: u32;
override columns: u32;
override variance_at: u32;

alias Element = ${element};
const workgroup_size = ${workgroup_size}u;

var<workgroup> sums: array<Element, workgroup_size>;

fn sum_of(value: Element, index: u32) -> Element {
  sums[index] = value;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index < half) { sums[index] += sums[index + half]; }
  }
  workgroupBarrier();
  let sum = sums[0];
  workgroupBarrier(); // before the next sum is written over this one
  return sum;
}

fn rows_of(chunk: u32, rows: u32) -> f32 {
  let first = min(rows, chunk * rows_per_chunk);
  return f32(min(rows, first + rows_per_chunk) - first);
}

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let column = group.x;
  let rows = state.count * rows_per_sample;
  let n = f32(max(1u, rows));
  let shift = partials[column];
  var sum = Element();
  for (var k = index; k < chunks; k += workgroup_size) {
    sum += rows_of(k, rows) * (partials[2u * k * columns + column] - shift);
  }
  let mean = shift + sum_of(sum, index) / n;
  var m2 = Element();
  for (var k = index; k < chunks; k += workgroup_size) {
    let d = partials[2u * k * columns + column] - mean;
    m2 += partials[(2u * k + 1u) * columns + column] + rows_of(k, rows) * d * d;
  }
  m2 = sum_of(m2, index);
  if (index == 0u) {
    statistics[column] = mean;
    statistics[variance_at + column] = m2 / n;
  }
}
