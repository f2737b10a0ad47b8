// y[n,oy,ox,c] = x[n, oy+top, ox+left, c]
// One invocation owns one element of y, or four channels of it. It is also the gradient of zero_padding2d.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;

override batch: u32;
override height: u32; // of y, like the width and the channels
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
  let pixel = index / loads;
  let image = pixel / width / height;
  if (image >= batch) { return; }
  let row = image * (top + height + bottom) + top + pixel / width % height;
  let column = left + pixel % width;
  y[index] = x[(row * (left + width + right) + column) * loads + index % loads];
}
