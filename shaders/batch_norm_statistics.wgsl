// partials[k,0,c] = mean of x[r,c] over the rows r of chunk k;  partials[k,1,c] = sum over them of (x[r,c] - mean)^2
// A row is a pixel of a real sample; batch_norm_combine joins the chunks. One workgroup owns one chunk and ${column_invocations} columns of
// one or four channels, and reads it twice. The second pass also sums the deviations, which show the rounding error of the mean; it is
// removed from both results (the corrected two-pass algorithm: Chan, Golub and LeVeque 1983).
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read_write> partials: array<${element}>;

@compute @workgroup_size(row_invocations * column_invocations)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunk_of(group, index);
  var sum = Element();
  for (var row = chunk.row; row < chunk.end; row += row_invocations) { sum += x[row * columns + chunk.column]; }
  let mean = sum_of_column(sum, index) / chunk.rows;
  var deviations = Element();
  var squares = Element();
  for (var row = chunk.row; row < chunk.end; row += row_invocations) {
    let d = x[row * columns + chunk.column] - mean;
    deviations += d;
    squares += d * d;
  }
  deviations = sum_of_column(deviations, index);
  squares = sum_of_column(squares, index);
  if (writes(chunk, index)) {
    let correction = deviations / chunk.rows;
    let m2 = squares - deviations * correction;
    let at = 2u * group.x * columns + chunk.column;
    partials[at] = mean + correction;
    // Uses select instead of max, which may turn a NaN into a number.
    partials[at + columns] = select(m2, Element(), m2 < Element());
  }
}
