// statistics[n, c] = (least, most, mean, variance) of channel c of image n
// One workgroup owns one channel of one image; an invocation adds up every 64th pixel, in two passes. The variance is computed relative to
// the mean, because the difference of two large sums would lose digits.
@group(0) @binding(0) var<storage, read> images: array<f32>;
@group(0) @binding(1) var<storage, read_write> statistics: array<vec4f>;
#if ${chosen}
@group(0) @binding(2) var<storage, read> draws: array<f32>;
#endif

override height: u32;
override width: u32;
override channels: u32;

var<workgroup> leasts: array<f32, 64>;
var<workgroup> mosts: array<f32, 64>;
var<workgroup> sums: array<f32, 64>;
var<workgroup> together: f32;

// The sum of the numbers of all invocations, computed by one of them in a fixed order.
fn total(index: u32, own: f32) -> f32 {
  sums[index] = own;
  workgroupBarrier();
  if (index == 0u) {
    var sum = 0.0;
    for (var i = 0u; i < 64u; i++) { sum += sums[i]; }
    together = sum;
  }
  workgroupBarrier();
  return together;
}
#if ${chosen}

fn drawn(at: u32) -> f32 { return draws[at]; }
#endif

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
#if ${chosen}
  let record = group.y * ${words};
  if (!(${needed})) { return; } // never read
#endif
  let pixels = height * width;
  let first = group.y * pixels * channels + group.x;
  var least = images[first];
  var most = least;
  var sum = 0.0;
  for (var p = index; p < pixels; p += 64u) {
    let value = images[first + p * channels];
    least = min(least, value);
    most = max(most, value);
    sum += value;
  }
  leasts[index] = least;
  mosts[index] = most;
  let mean = total(index, sum) / f32(pixels);
  var squares = 0.0;
  for (var p = index; p < pixels; p += 64u) {
    let difference = images[first + p * channels] - mean;
    squares += difference * difference;
  }
  let variance = total(index, squares) / f32(pixels);
  if (index != 0u) { return; }
  for (var i = 1u; i < 64u; i++) {
    least = min(least, leasts[i]);
    most = max(most, mosts[i]);
  }
  statistics[group.y * channels + group.x] = vec4f(least, most, mean, variance);
}
