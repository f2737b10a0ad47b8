// y[n] = images[n] mixed with its partner images[batch + n];  targets[n, k] = the share of y[n] that is of class k
// One invocation owns one pixel of y with all its channels; the one of the first pixel also writes the row of targets. The
// share is what the pixels' own are: the weight of mixUp, times the area that cutMix leaves.
@group(0) @binding(0) var<storage, read> images: array<f32>;
@group(0) @binding(1) var<storage, read> draws: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#if ${labelled}
@group(0) @binding(3) var<storage, read> labels: array<u32>; // of the images, then of their partners
@group(0) @binding(4) var<storage, read_write> targets: array<f32>;

override classes: u32;
#endif

override batch: u32;
override height: u32;
override width: u32;
override channels: u32;

fn drawn(at: u32) -> f32 { return draws[at]; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let pixels = height * width;
  if (index >= batch * pixels) { return; }
  let slot = index / pixels;
  let record = slot * ${words};
  let pixel = vec2u(index % width, index / width % height);
  for (var c = 0u; c < channels; c++) {
    let other = images[(index + batch * pixels) * channels + c];
    var value = images[index * channels + c];
${mix_lines}
    y[index * channels + c] = value;
  }
#if ${labelled}
  if (index % pixels != 0u) { return; }
  let size = vec2f(f32(width), f32(height));
  var share = 1.0;
${share_lines}
  for (var k = 0u; k < classes; k++) {
    let own = select(0.0, share, k == labels[slot]);
    targets[slot * classes + k] = own + select(0.0, 1.0 - share, k == labels[batch + slot]);
  }
#endif
}
