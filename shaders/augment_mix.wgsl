// y[n] = images[n] mixed with its partner images[batch + n];  targets[n, k] = the fraction of y[n] that belongs to class k
// One invocation owns one pixel of y with all its channels; the one of the first pixel also writes the row of targets. The fraction of the
// image itself is the weight of mixUp times the area that cutMix leaves. Numeric targets and sample weights are mixed in the same
// proportion.
@group(0) @binding(0) var<storage, read> images: array<f32>;
@group(0) @binding(1) var<storage, read> draws: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#if ${labelled}
#if ${numeric}
@group(0) @binding(3) var<storage, read> pairs: array<f32>; // targets of the images, then of their partners
#else
@group(0) @binding(3) var<storage, read> labels: array<u32>; // of the images, then of their partners
#endif
@group(0) @binding(4) var<storage, read_write> targets: array<f32>;

override classes: u32;
#endif
#if ${weighted}
@group(0) @binding(5) var<storage, read> pair_weights: array<f32>;
@group(0) @binding(6) var<storage, read_write> weights: array<f32>;
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
#if ${numeric}
    let at = slot * classes + k;
    targets[at] = share * pairs[at] + (1.0 - share) * pairs[batch * classes + at];
#else
    let own = select(0.0, share, k == labels[slot]);
    targets[slot * classes + k] = own + select(0.0, 1.0 - share, k == labels[batch + slot]);
#endif
  }
#if ${weighted}
  weights[slot] = share * pair_weights[slot] + (1.0 - share) * pair_weights[batch + slot];
#endif
#endif
}
