// y[n,oy,ox,c] = x[n, oy-top, ox-left, c], and 0 around it
// One invocation owns one element of y, or four channels of it. It is also the gradient of cropping2d.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;

override batch: u32;
override height: u32; // of x, like the width and the channels
override width: u32;
override channels: u32;
override top: u32;
override bottom: u32;
override left: u32;
override right: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let loads = channels / channels_a_load;
  let out_width = left + width + right;
  let out_height = top + height + bottom;
  let pixel = index / loads;
  let image = pixel / out_width / out_height;
  if (image >= batch) { return; }
  // Positions above and to the left of x wrap around to far beyond its last row and column.
  let row = pixel / out_width % out_height - top;
  let column = pixel % out_width - left;
  var value = Element();
  if (row < height && column < width) { value = x[((image * height + row) * width + column) * loads + index % loads]; }
  y[index] = value;
}
