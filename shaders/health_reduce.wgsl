// layer: mean and deviation of y, numbers of y that are 0, flat and not finite, dead units, |dy|, number of non-finite dy
// tensor: largest |dw|, |w| before the update, |u| of the update, number of non-finite w after it
// Adds up the chunks of layer_statistics, gradient_norm and the update and writes the results to the step's record. One workgroup owns one
// layer or, after the layers, one tensor. Means and squares are merged as Chan, Golub and LeVeque (1979) do, always in the same order.
@group(0) @binding(0) var<storage, read> partials: array<vec4f>; // from layer_statistics, two per chunk
@group(0) @binding(1) var<storage, read> positive: array<u32>;   // one bit per unit
@group(0) @binding(2) var<storage, read> gradient: array<vec4f>; // from gradient_norm
@group(0) @binding(3) var<storage, read> updated: array<vec4f>;  // from lib/measure_update
@group(0) @binding(4) var<storage, read> ranges: array<vec4u>;   // layers: chunks of y, of dy; word and count of units. tensors: chunks
@group(0) @binding(5) var<uniform> state: State;
@group(0) @binding(6) var<storage, read_write> records: array<u32>;

override layers: u32;
override first_word: u32; // of the fields in a record that this kernel writes
override record_words: u32;
override record_slots: u32;

const workgroup_size = ${workgroup_size}u;
const none = 0xffffffffu;

struct Moments {
  n: f32,
  mean: f32,
  squares: f32, // of the distance from the mean
}

#if ${subgroups}
#else
var<workgroup> moments: array<Moments, workgroup_size>;
var<workgroup> sums: array<vec2f, workgroup_size>;
var<workgroup> counts: array<vec4u, workgroup_size>;
var<workgroup> found: array<u32, workgroup_size>;
#endif

fn merge(a: Moments, b: Moments) -> Moments {
  if (b.n == 0.0) { return a; }
  if (a.n == 0.0) { return b; }
  let n = a.n + b.n;
  let apart = b.mean - a.mean;
  return Moments(n, a.mean + apart * (b.n / n), a.squares + b.squares + apart * apart * (a.n * (b.n / n)));
}

fn moments_of(chunk: vec4f) -> Moments {
  if (chunk.x == 0.0) { return Moments(); }
  let off = chunk.z / chunk.x;
  let squares = chunk.w - chunk.z * off;
  return Moments(chunk.x, chunk.y + off, select(squares, 0.0, squares < 0.0)); // max() may lose a NaN
}

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let group = id.x;
  let is_layer = group < layers;
  var all = Moments();
  var sum = vec2f();
  var count = vec4u();
  var own = 0u; // units that were positive, or the largest |dw| by its bits
  if (is_layer) {
    let range = ranges[2u * group];
    let units = ranges[2u * group + 1u];
    for (var c = range.x + index; c < range.y; c += workgroup_size) {
      all = merge(all, moments_of(partials[2u * c]));
      count += vec4u(vec3u(partials[2u * c + 1u].xyz), 0u);
    }
    for (var c = range.z + index; c < range.w; c += workgroup_size) {
      sum += partials[2u * c].zw;
      count.w += u32(partials[2u * c + 1u].z);
    }
    if (units.x != none) {
      for (var word = index; 32u * word < units.y; word += workgroup_size) { own += countOneBits(positive[units.x + word]); }
    }
  } else {
    let range = ranges[layers + group];
    for (var c = range.x + index; c < range.y; c += workgroup_size) {
      own = max(own, bitcast<u32>(gradient[c].z));
      sum += updated[c].xy;
      count.x += u32(updated[c].z);
    }
  }
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
#if ${subgroups}
    let others = Moments(subgroupShuffleXor(all.n, half), subgroupShuffleXor(all.mean, half), subgroupShuffleXor(all.squares, half));
    all = merge(all, others);
    sum += subgroupShuffleXor(sum, half);
    count += subgroupShuffleXor(count, half);
    let other = subgroupShuffleXor(own, half);
    own = select(max(own, other), own + other, is_layer);
#else
    moments[index] = all;
    sums[index] = sum;
    counts[index] = count;
    found[index] = own;
    workgroupBarrier();
    if (index < half) {
      all = merge(all, moments[index + half]);
      sum += sums[index + half];
      count += counts[index + half];
      let other = found[index + half];
      own = select(max(own, other), own + other, is_layer);
    }
    workgroupBarrier();
#endif
  }
  if (index != 0u) { return; }
  let record = state.step % record_slots * record_words + first_word;
  if (is_layer) {
    let at = record + layer_words * group;
    let units = ranges[2u * group + 1u];
    let to_large = scale_of_large / scale;
    let large = sum.x * to_large * to_large + sum.y;
    let norm = select(sqrt(sum.x) / scale, sqrt(large) / scale_of_large, sum.y != 0.0);
    records[at + layer_mean] = bitcast<u32>(all.mean);
    records[at + layer_standard_deviation] = bitcast<u32>(sqrt(all.squares / all.n));
    records[at + layer_zeros] = count.x;
    records[at + layer_saturated] = count.y;
    records[at + layer_non_finite_activations] = count.z;
    records[at + layer_dead] = select(units.y - own, 0u, units.x == none);
    records[at + layer_delta_norm] = bitcast<u32>(norm);
    records[at + layer_non_finite_deltas] = count.w;
  } else {
    let at = record + layer_words * layers + tensor_words * (group - layers);
    records[at + tensor_gradient_max] = own;
    records[at + tensor_weight_norm] = bitcast<u32>(sqrt(sum.x));
    records[at + tensor_update_norm] = bitcast<u32>(sqrt(sum.y));
    records[at + tensor_non_finite_weights] = count.x;
  }
}
