// tables[n, c][v] = the level to which gray level v is mapped when the histogram of channel c of image n is equalized
// Pillow's and torchvision's equalize: step is the integer (pixels - pixels of the brightest level that occurs) / 255, and level v becomes
// (pixels darker than v + step / 2) / step. One workgroup owns one channel of one image and counts in integers, so that the order of the
// additions doesn't matter. Values are rounded to gray levels first.
@group(0) @binding(0) var<storage, read> images: array<f32>;
@group(0) @binding(1) var<storage, read_write> tables: array<u32>; // four levels per word
#if ${chosen}
@group(0) @binding(2) var<storage, read> draws: array<f32>;
#endif

override height: u32;
override width: u32;
override channels: u32;

var<workgroup> histogram: array<atomic<u32>, 256>;
var<workgroup> darker: array<u32, 256>;
var<workgroup> step: u32;
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
  for (var p = index; p < pixels; p += 64u) {
    atomicAdd(&histogram[u32(clamp(floor(images[first + p * channels] + 0.5), 0.0, 255.0))], 1u);
  }
  workgroupBarrier();
  if (index == 0u) {
    var sum = 0u;
    var brightest = 0u;
    for (var v = 0u; v < 256u; v++) {
      let here = atomicLoad(&histogram[v]);
      darker[v] = sum;
      sum += here;
      if (here > 0u) { brightest = here; }
    }
    step = (pixels - brightest) / 255u;
  }
  workgroupBarrier();
  for (var word = index; word < 64u; word += 64u) {
    var levels = 0u;
    for (var i = 0u; i < 4u; i++) {
      let v = 4u * word + i;
      let level = select(min((darker[v] + step / 2u) / max(step, 1u), 255u), v, step == 0u);
      levels |= level << (8u * i);
    }
    tables[(group.y * channels + group.x) * 64u + word] = levels;
  }
}
