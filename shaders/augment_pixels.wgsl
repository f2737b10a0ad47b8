// y[n, row, column] = the pixel steps of a pass, applied in order to the value that its reader returns for (column, row)
// One workgroup owns a part of one image of y, and an invocation every 64th pixel of it, so that values that are the same for the whole
// image are read once. A pixel of up to four channels is a vector; with more, each channel is processed separately. The readers are
// shaders/lib/read_*.wgsl, the steps shaders/augment/*.wgsl; their calls are generated from the pass.
@group(0) @binding(0) var<storage, read> images: array<${image_type}>; // u32: four bytes per word
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
#if ${sourced}
@group(0) @binding(2) var<storage, read> sources: array<u32>;
#endif
#if ${mapped}
@group(0) @binding(3) var<storage, read> maps: array<vec4f>;
#endif
#if ${recorded}
@group(0) @binding(4) var<storage, read> draws: array<f32>;
#endif
#if ${statistics}
@group(0) @binding(5) var<storage, read> statistics: array<vec4f>; // of each image and channel: least, most, mean, variance
#endif
#if ${tables}
@group(0) @binding(6) var<storage, read> tables: array<u32>; // of each image and channel: 256 bytes
#endif
#if ${displaced}
@group(0) @binding(7) var<storage, read> displacements: array<vec2f>; // of each pixel of y
#endif
#if ${compared}
@group(0) @binding(8) var<storage, read> beside: array<f32>; // the result of another pass, in y's shape
#endif

override batch: u32;
override from_height: u32;
override from_width: u32;
override height: u32;
override width: u32;

const channels = ${channels};
#if ${planar}
alias Pixel = f32;
const planes = channels;
#else
alias Pixel = ${pixel_type};
const planes = 1u;
#endif

// The location of a pixel: its position in y, its slot and its record; `channel` is 0 unless channels are processed separately.
struct Place { column: u32, row: u32, slot: u32, channel: u32, }

var<private> image_at: u32; // of the image that is read, in pixels
#if ${mapped}
var<private> own_maps: array<vec4f, ${map_words}>; // of this slot, read once for many pixels
#endif

fn load(at: u32) -> f32 {
#if ${bytes}
  return f32(i32((images[at / 4u] >> (8u * (at % 4u))) & 255u)); // CPUs only convert signed integers
#else
  return images[at];
#endif
}

// Index of the first pixel of a row of the image that is read.
fn row_at(row: u32) -> u32 { return image_at + row * from_width; }

// The pixel (column, row) of the image that is read.
fn pixel_at(column: u32, row: u32, place: Place) -> Pixel { return texel(row_at(row) + column, place); }

fn texel(index: u32, place: Place) -> Pixel {
  let at = index * channels + place.channel;
#if ${packed}
  // Its bytes span at most two words, and two loads are cheaper than one per channel.
  let shift = 8u * (at % 4u);
  let bits = (images[at / 4u] >> shift) | select(images[at / 4u + 1u] << (32u - shift), 0u, shift == 0u);
  return first(vec4f(vec4i((vec4u(bits) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u))));
#else
  return ${load_pixel};
#endif
}

// Keeps as many of the four numbers as a pixel has channels.
fn first(v: vec4f) -> Pixel { return ${first_channels}; }
#if ${colored}

// ITU-R 601's weights, with torchvision's digits.
fn gray(value: vec3f) -> f32 { return dot(value, vec3f(0.2989, 0.587, 0.114)); }
#endif
#if ${statistics}

// One of the four statistics of the image that is read, by its index.
fn statistic(which: u32, place: Place) -> Pixel {
  let at = place.slot * channels + place.channel;
  return ${load_statistic};
}
#endif
#if ${tables}

fn level(table: u32, value: f32) -> f32 {
  let v = u32(clamp(floor(value + 0.5), 0.0, 255.0));
  return f32((tables[table * 64u + v / 4u] >> (8u * (v % 4u))) & 255u);
}

// Maps a pixel through the tables of the image that is read.
fn look_up(value: Pixel, place: Place) -> Pixel {
  let at = place.slot * channels + place.channel;
  return ${load_levels};
}
#endif
#if ${compared}

fn beside_at(place: Place) -> Pixel {
  let at = ((place.slot * height + place.row) * width + place.column) * channels + place.channel;
  return ${load_beside};
}
#endif
#if ${recorded}

fn drawn(at: u32) -> f32 { return draws[at]; }
#endif

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let slot = group.z * ${rows} + group.y;
  if (slot >= batch) { return; }
#if ${sourced}
  image_at = sources[slot] * ${image_pixels};
#else
  image_at = slot * from_height * from_width;
#endif
#if ${recorded}
  let record = slot * ${words};
#endif
#if ${mapped}
%for i in 0..${map_count}
  own_maps[$i] = maps[slot * ${map_words} + $iu];
%end
#endif
  let begin = group.x * ${run} * 64u + index;
  let end = min((group.x + 1u) * ${run} * 64u, height * width);
  var column = begin % width;
  var row = begin / width;
  for (var p = begin; p < end; p += 64u) {
    let pixel = slot * height * width + p;
    for (var channel = 0u; channel < planes; channel++) {
      let place = Place(column, row, slot, channel);
      var value = ${read};
${step_lines}
#if ${planar}
      y[pixel * channels + channel] = value;
#else
${store_pixel}
#endif
    }
    column += 64u % width;
    row += 64u / width;
    if (column >= width) {
      column -= width;
      row += 1u;
    }
  }
}
