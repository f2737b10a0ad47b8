// histograms[t, i] += number of g of tensor t with 2^(i - 48) <= |g| < 2^(i - 47);  [t, 64] += g = 0;  [t, 65] += not finite
// One workgroup owns one chunk. The first bin also counts smaller numbers, subnormal ones too, since g is read as bits and never
// flushed to zero; the last bin also counts larger ones. Counts are integers, so the order of the additions does not matter.
@group(0) @binding(0) var<storage, read> dw: array<vec4u>;
@group(0) @binding(1) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, unused
@group(0) @binding(2) var<storage, read> ends: array<u32>;     // one past a tensor's last element; the rest of its vec4 is padding
@group(0) @binding(3) var<storage, read_write> histograms: array<atomic<u32>>;

var<workgroup> counts: array<atomic<u32>, ${words}>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunks[group.x];
  for (var i = chunk.x + index; i < chunk.y; i += 64u) {
    let bits = dw[i] & vec4u(0x7fffffffu);
    for (var lane = 0u; lane < 4u; lane++) {
      if (4u * i + lane >= ends[chunk.z]) { break; }
      let exponent = bits[lane] >> 23u; // 127 more than the power of two
      var bin = min(max(exponent, 79u) - 79u, 63u);
      if (bits[lane] == 0u) { bin = 64u; }
      if (exponent == 255u) { bin = 65u; }
      atomicAdd(&counts[bin], 1u);
    }
  }
  workgroupBarrier();
  for (var i = index; i < ${words}; i += 64u) {
    atomicAdd(&histograms[${words} * chunk.z + i], atomicLoad(&counts[i]));
  }
}
