// dgamma[k,c] = sum of dy[r,c] (x[r,c] - mean[n,g]) * rstd[n,g] over the rows r of chunk k;  dbeta[k,c] = sum of dy[r,c] over them
// A row is a pixel of an instance n of a real sample, g the group of channel c; sum_parts adds up the chunks. One workgroup owns
// one chunk and ${column_invocations} columns of one or four channels.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read> dy: array<${element}>;
@group(0) @binding(2) var<storage, read> statistics: array<vec2f>; // mean, rstd
@group(0) @binding(3) var<storage, read> state: State;
@group(0) @binding(4) var<storage, read_write> dgamma: array<${element}>;
@group(0) @binding(5) var<storage, read_write> dbeta: array<${element}>;

override pixels: u32;
override group_columns: u32;

@compute @workgroup_size(row_invocations * column_invocations)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunk_of(group, index);
  let groups = columns / group_columns;
  let own = chunk.column / group_columns;
  var products = Element();
  var sum = Element();
  for (var row = chunk.row; row < chunk.end; row += row_invocations) {
#if ${one_pixel}
    let unit = statistics[row * groups + own]; // avoids a division, which costs as much as several loads on some adapters
#else
    let unit = statistics[row / pixels * groups + own];
#endif
    let at = row * columns + chunk.column;
    let g = dy[at];
    sum += g;
    products += g * ((x[at] - unit.x) * unit.y);
  }
  products = sum_of_column(products, index);
  sum = sum_of_column(sum, index);
  if (writes(chunk, index)) {
    let at = group.x * columns + chunk.column;
    dgamma[at] = products;
    dbeta[at] = sum;
  }
}
