// warps[n] = the affine map from a pixel (column, row) of output n to where it is sampled, drawn for (seed, epoch, sample)
// x_in = m0 column + m1 row + m2,  y_in = m3 column + m4 row + m5; then the index of the image that it is sampled from.
// One invocation owns one slot of the batch, and its label. The composition is Keras': R(theta) T S(shear) Z about the
// centre, flips after the warp. src/augment/matrix.ts is the same on the host.
@group(0) @binding(0) var<storage, read> state: State;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read_write> warps: array<vec4f>;
#if ${labelled}
@group(0) @binding(3) var<storage, read> labels: array<u32>; // four bytes a word
@group(0) @binding(4) var<storage, read_write> batch_labels: array<u32>;
#endif
#if ${parameters}
// theta, tx, ty, shear, zx, zy, flipHorizontal, flipVertical of each slot, for draw()
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;
#endif

override batch: u32;
override height: f32;
override width: f32;
override centre_x: f32;
override centre_y: f32;
override rotation: f32; // degrees
override shift_down: f32; // pixels
override shift_right: f32;
override shear_range: f32; // degrees
override zoom_low: f32;
override zoom_high: f32;
override horizontal_flip: f32; // probability
override vertical_flip: f32;

// What a number is drawn for. A new quantity takes a new number, so that the others' draws stay what they are.
const for_theta = 0u;
const for_tx = 1u;
const for_ty = 2u;
const for_shear = 3u;
const for_zx = 4u;
const for_zy = 5u;
const for_horizontal_flip = 6u;
const for_vertical_flip = 7u;

// (cos, sin) of degrees to the last bits: WGSL lets its own be off by 2^-11, which is seen in a large image.
fn turn(degrees: f32) -> vec2f {
  let quarters = round(degrees / 90.0);
  let x = radians(degrees - 90.0 * quarters);
  let s = x * x;
  let c = 1.0 + s * (-0.5 + s * (1.0 / 24.0 + s * (-1.0 / 720.0 + s * (1.0 / 40320.0))));
  let d = x * (1.0 + s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5040.0 + s * (1.0 / 362880.0)))));
  switch (i32(quarters) & 3) {
    case 1: { return vec2f(-d, c); }
    case 2: { return vec2f(-c, -d); }
    case 3: { return vec2f(d, -c); }
    default: { return vec2f(c, d); }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let slot = id.y * groups.x * 64u + id.x;
  if (slot >= batch) { return; }
  // Slots behind the real count repeat the batch's first sample: valid memory, and no effect.
  let at = state.start + select(0u, slot, slot < state.count);
  let sample = order[at];
#if ${labelled}
  batch_labels[slot] = (labels[sample / 4u] >> (8u * (sample % 4u))) & 255u;
  let image = sample;
#else
  let image = slot;
#endif
#if ${identity}
  warps[2u * slot] = vec4f(1.0, 0.0, 0.0, 0.0);
  warps[2u * slot + 1u] = vec4f(1.0, 0.0, bitcast<f32>(image), 0.0);
#else
  let seed = state.seed;
  let epoch = state.epoch;
  let theta = rotation * (2.0 * uniform_draw(seed, epoch, sample, for_theta) - 1.0);
  let tx = shift_down * (2.0 * uniform_draw(seed, epoch, sample, for_tx) - 1.0);
  let ty = shift_right * (2.0 * uniform_draw(seed, epoch, sample, for_ty) - 1.0);
  let shear = shear_range * (2.0 * uniform_draw(seed, epoch, sample, for_shear) - 1.0);
  let zx = zoom_low + (zoom_high - zoom_low) * uniform_draw(seed, epoch, sample, for_zx);
  let zy = zoom_low + (zoom_high - zoom_low) * uniform_draw(seed, epoch, sample, for_zy);
  let flip_h = uniform_draw(seed, epoch, sample, for_horizontal_flip) < horizontal_flip;
  let flip_v = uniform_draw(seed, epoch, sample, for_vertical_flip) < vertical_flip;
#if ${parameters}
  parameters[2u * slot] = vec4f(theta, tx, ty, shear);
  parameters[2u * slot + 1u] = vec4f(zx, zy, f32(flip_h), f32(flip_v));
#endif
#if ${keras}
  let shift = vec2f(tx, ty); // Keras moves along x by the height's shift
#else
  let shift = vec2f(ty, tx);
#endif
  let r = turn(theta);
  let rs = turn(theta + shear);
  let a = vec2f(zx * r.x, -zy * rs.y);
  let d = vec2f(zx * r.y, zy * rs.x);
  let centre = vec2f(centre_x, centre_y);
  var m2 = centre_x + shift.x * r.x - shift.y * r.y - dot(a, centre);
  var m5 = centre_y + shift.x * r.y + shift.y * r.x - dot(d, centre);
  var sign = vec2f(1.0);
  if (flip_h) {
    m2 += a.x * (width - 1.0);
    m5 += d.x * (width - 1.0);
    sign.x = -1.0;
  }
  if (flip_v) {
    m2 += a.y * (height - 1.0);
    m5 += d.y * (height - 1.0);
    sign.y = -1.0;
  }
  warps[2u * slot] = vec4f(a * sign, m2, d.x * sign.x);
  warps[2u * slot + 1u] = vec4f(d.y * sign.y, m5, bitcast<f32>(image), 0.0);
#endif
}
