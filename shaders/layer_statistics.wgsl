// y: partials[c] = n, s, sum of y - s, sum of (y - s)^2;  numbers of y that are 0, flat and not finite, 0
// dy: partials[c] = 0, 0, sum of (2^32 dy)^2, sum of (2^-70 dy)^2 over dy that are too large for it;  0, 0, number of non-finite dy, 0
// Outputs and their gradients of all layers, chunk by chunk; health_reduce adds the chunks up. s is the chunk's first number,
// so that values close to each other keep their deviation; the scales keep the squares of tiny gradients from underflowing.
// One workgroup owns one chunk, a whole number of periods of vec4s after which the channels repeat, so that an invocation always processes
// the same channels. Only the batch's real samples are counted.

@group(0) @binding(0) var<storage, read> y0: array<vec4f>;
@group(0) @binding(1) var<storage, read> y1: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy0: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy1: array<vec4f>;
@group(0) @binding(4) var<storage, read> chunks: array<vec4u>;
@group(0) @binding(5) var<uniform> state: State;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> positive: array<atomic<u32>>; // one bit per unit: was above 0 in this epoch

override first_partial: u32; // that of the first chunk, in chunks
override chunk_count: u32;   // after the chunks come the tensors, two vec4u each

const workgroup_size = ${workgroup_size}u;
const none = 0xffffffffu;
const infinity = vec4u(0x7f800000u); // comparisons of floats with NaN may be optimized away in WGSL

struct Chunk {
  first: u32, // vec4s of the arena
  end: u32,
  tensor: u32,
  arena: u32,
}

struct Tensor {
  first: u32,    // vec4 of the arena
  elements: u32, // a sample
  channels: u32,
  period: u32,   // vec4s until the channels repeat
  low: f32,      // flat below, and above high
  high: f32,
  bits: u32,     // its first word in positive, or none
}

// The end of the real samples: after the whole vec4s of their numbers there may be a partial one with the last of them.
struct Extent {
  limit: u32, // in numbers
  full: u32,
  end: u32,
  in_last: vec4<bool>,
}

// The figures of an invocation.
var<private> first_sum: vec4f;  // of y - s or (2^32 dy)^2
var<private> second_sum: vec4f; // of (y - s)^2 or (2^-70 dy)^2
var<private> zeros: vec4f;
var<private> flats: vec4f;
var<private> bad: f32;          // number of non-finite y or dy
var<workgroup> all_bad: atomic<u32>;

fn tensor_at(index: u32) -> Tensor {
  let a = chunks[chunk_count + 2u * index];
  let b = chunks[chunk_count + 2u * index + 1u];
  return Tensor(a.x, a.y, a.z, a.w, bitcast<f32>(b.x), bitcast<f32>(b.y), b.z);
}

fn extent_of(chunk: Chunk, tensor: Tensor) -> Extent {
  let limit = 4u * tensor.first + state.count * tensor.elements;
  let rest = limit % 4u;
  let full = min(chunk.end, limit / 4u);
  let reaches = rest != 0u && limit / 4u < chunk.end;
  return Extent(limit, full, full + u32(reaches), vec4u(0u, 1u, 2u, 3u) < vec4u(rest));
}

fn is_not_finite(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & infinity) == infinity;
}

fn ones(which: vec4<bool>) -> vec4f {
  return select(vec4f(), vec4f(1.0), which);
}

fn total(v: vec4f) -> f32 {
  return dot(v, vec4f(1.0));
}

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = chunks[group.x];
  let chunk = Chunk(row.x, row.y, row.z, row.w);
  let tensor = tensor_at(chunk.tensor);
  let extent = extent_of(chunk, tensor);
  var head = vec2f();
  if (chunk.arena < 2u) {
    if (chunk.arena == 0u) { head.y = y0[chunk.first].x; } else { head.y = y1[chunk.first].x; }
    head.x = f32(min(4u * chunk.end, extent.limit) - min(4u * chunk.first, extent.limit));
    measure_values(chunk, tensor, extent, index, head.y);
  } else if (chunk.arena == 2u) {
    deltas_0(chunk, extent, index);
  } else {
    deltas_1(chunk, extent, index);
  }
  atomicAdd(&all_bad, u32(bad));
  let sum = sum_of(vec4f(total(first_sum), total(second_sum), total(zeros), total(flats)), index);
  workgroupBarrier();
  if (index == 0u) {
    partials[2u * (first_partial + group.x)] = vec4f(head, sum.xy);
    partials[2u * (first_partial + group.x) + 1u] = vec4f(sum.zw, f32(atomicLoad(&all_bad)), 0.0);
  }
}
