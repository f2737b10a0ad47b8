// y[n,oy,ox,c] = mean over i,j of x[n, oy*sy+i-top, ox*sx+j-left, c], excluding padding
// One invocation owns one element of y, or four channels of it.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let loads = channels / channels_a_load;
  let cell = index / loads;
  let image = cell / out_width / out_height;
  if (image >= batch) { return; }
  let rows = window_rows(cell / out_width % out_height);
  let columns = window_columns(cell % out_width);
  var sum = Element();
  for (var row = rows.first; row < rows.end; row++) {
    for (var column = columns.first; column < columns.end; column++) {
      sum += x[((image * in_height + row) * in_width + column) * loads + index % loads];
    }
  }
  y[index] = sum / f32((rows.end - rows.first) * (columns.end - columns.first));
}
