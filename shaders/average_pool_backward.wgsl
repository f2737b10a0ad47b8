// dx[n,iy,ix,c] = act'(x) * sum of dy[n,oy,ox,c] / size over the windows (oy,ox) that contain (iy,ix), their size excluding padding
// Gathers: one invocation owns one element of dx, or four channels of it, and reads the windows around it. `activated` applies the
// derivative of the activation that produced x.
@group(0) @binding(0) var<storage, read> dy: array<${element}>;
@group(0) @binding(1) var<storage, read_write> dx: array<${element}>;
#if ${activated}
@group(0) @binding(2) var<storage, read> x: array<${element}>;
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let loads = channels / channels_a_load;
  let pixel = index / loads;
  let image = pixel / in_width / in_height;
  if (image >= batch) { return; }
  let row = pixel / in_width % in_height + pad_top;
  let column = pixel % in_width + pad_left;
  // The windows that contain this row begin at most pool_height - 1 rows above it.
  let first_oy = select(0u, (row - pool_height + stride_y) / stride_y, row >= pool_height);
  let first_ox = select(0u, (column - pool_width + stride_x) / stride_x, column >= pool_width);
  var sum = Element();
  for (var oy = first_oy; oy < min(out_height, row / stride_y + 1u); oy++) {
    let rows = window_rows(oy);
    for (var ox = first_ox; ox < min(out_width, column / stride_x + 1u); ox++) {
      let columns = window_columns(ox);
      let size = f32((rows.end - rows.first) * (columns.end - columns.first));
      sum += dy[((image * out_height + oy) * out_width + ox) * loads + index % loads] / size;
    }
  }
#if ${activated}
  dx[index] = through(sum, x[index]);
#else
  dx[index] = sum;
#endif
}
