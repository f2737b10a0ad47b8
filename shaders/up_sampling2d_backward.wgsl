// dx[n,iy,ix,c] = sum over oy,ox of dy[n,oy,ox,c] * the weight that (iy,ix) had in y[n,oy,ox,c]
// Gathers: one invocation owns one element of dx, or four channels of it, and reads the pixels of dy around it.
@group(0) @binding(0) var<storage, read> dy: array<${element}>;
@group(0) @binding(1) var<storage, read_write> dx: array<${element}>;

override batch: u32;
override height: u32; // of x
override width: u32;
override channels: u32;
override size_y: u32;
override size_x: u32;

#if ${bilinear}
fn weight_of(i: u32, o: u32, factor: u32, length: u32) -> f32 {
  let b = between(o, factor, length);
  return select(0.0, 1.0 - b.weight, b.first == i) + select(0.0, b.weight, b.second == i);
}
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let loads = channels / channels_a_load;
  let load = index % loads;
  let column = index / loads % width;
  let row = index / loads / width % height;
  let image = index / loads / width / height;
  if (image >= batch) { return; }
#if ${bilinear}
  // Extended by half a pixel of x on each side.
  let reach_y = (size_y + 1u) / 2u;
  let reach_x = (size_x + 1u) / 2u;
#else
  let reach_y = 0u;
  let reach_x = 0u;
#endif
  let first_oy = max(row * size_y, reach_y) - reach_y;
  let first_ox = max(column * size_x, reach_x) - reach_x;
  let end_oy = min((row + 1u) * size_y + reach_y, height * size_y);
  let end_ox = min((column + 1u) * size_x + reach_x, width * size_x);
  var sum = Element();
  for (var oy = first_oy; oy < end_oy; oy++) {
    var sum_of_row = Element();
    for (var ox = first_ox; ox < end_ox; ox++) {
      let value = dy[((image * height * size_y + oy) * width * size_x + ox) * loads + load];
#if ${bilinear}
      sum_of_row += weight_of(column, ox, size_x, width) * value;
#else
      sum_of_row += value;
#endif
    }
#if ${bilinear}
    sum += weight_of(row, oy, size_y, height) * sum_of_row;
#else
    sum += sum_of_row;
#endif
  }
  dx[index] = sum;
}
