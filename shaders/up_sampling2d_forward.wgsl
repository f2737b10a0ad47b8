// y[n,oy,ox,c] = x[n, oy/size_y, ox/size_x, c] or, bilinear, the mean of the four pixels of x around it, weighted by nearness
// One invocation owns one element of y, or four channels of it.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;

override batch: u32;
override height: u32; // of x
override width: u32;
override channels: u32;
override size_y: u32;
override size_x: u32;

fn pixel_of(image: u32, row: u32, column: u32, load: u32) -> Element {
  return x[((image * height + row) * width + column) * (channels / channels_a_load) + load];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let loads = channels / channels_a_load;
  let load = index % loads;
  let column = index / loads % (width * size_x);
  let row = index / loads / (width * size_x) % (height * size_y);
  let image = index / loads / (width * size_x) / (height * size_y);
  if (image >= batch) { return; }
#if ${bilinear}
  let rows = between(row, size_y, height);
  let columns = between(column, size_x, width);
  let above = mix(
    pixel_of(image, rows.first, columns.first, load),
    pixel_of(image, rows.first, columns.second, load),
    columns.weight,
  );
  let below = mix(
    pixel_of(image, rows.second, columns.first, load),
    pixel_of(image, rows.second, columns.second, load),
    columns.weight,
  );
  y[index] = mix(above, below, rows.weight);
#else
  y[index] = pixel_of(image, row / size_y, column / size_x, load);
#endif
}
