// images[n,y,x,c] = pixels[n,y,x][c], or with one channel round(0.299 r + 0.587 g + 0.114 b)
// A pixel is one word of red, green, blue and alpha, and a row has pitch words; images are bytes, four per word. One invocation owns one
// word of images.
@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read_write> images: array<u32>;

override batch: u32;
override height: u32;
override width: u32;
override pitch: u32;

const channels = ${channels}u;

fn byte_at(place: u32) -> u32 {
  let pixel = place / channels;
  let row = pixel / width; // of all images
  let word = pixels[row * pitch + pixel % width];
#if ${gray}
  // Computed in integers, so that equal red, green and blue give exactly that value.
  let rgb = (vec3u(word) >> vec3u(0u, 8u, 16u)) & vec3u(255u);
  return (299u * rgb.x + 587u * rgb.y + 114u * rgb.z + 500u) / 1000u;
#else
  return (word >> (8u * (place % channels))) & 255u;
#endif
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let bytes = batch * height * width * channels;
  if (4u * index >= bytes) { return; }
  var word = 0u;
  for (var i = 0u; i < min(4u, bytes - 4u * index); i++) {
    word |= byte_at(4u * index + i) << (8u * i);
  }
  images[index] = word;
}
