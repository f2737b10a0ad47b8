// layer: equal[u] = 1 where another unit v has w[:, v] = w[:, u] and dw[:, v] = dw[:, u];  input: mean and deviation of x
// w are the weights after the update and dw their gradients; each unit is a column of both, kernel and bias. Units are compared by a hash
// of the bits in at most ${row_most} evenly spaced rows, which suffices because units with random weights differ in every row. Only the
// first ${unit_most} units of a layer and at most ${input_most} numbers of the batch are read. Each workgroup owns one layer, and the last
// one owns the input.
@group(0) @binding(0) var<storage, read> w: array<u32>;
@group(0) @binding(1) var<storage, read> dw: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> units: array<vec4u>; // a layer: first word of the kernel, rows, units, first word of the bias
@group(0) @binding(4) var<uniform> state: State;
@group(0) @binding(5) var<storage, read_write> records: array<u32>;

override layers: u32;
override first_word: u32;  // of the health fields in a record
override input_word: u32;  // of the input's figures
override input_elements: u32; // per sample
override record_words: u32;
override record_slots: u32;

const workgroup_size = ${workgroup_size}u;
const row_most = ${row_most}u;
const unit_most = ${unit_most}u;
const input_most = ${input_most}u;
const none = 0xffffffffu;

var<workgroup> keys: array<u32, unit_most>;

// The bits of a number; those of 0 for -0.
fn mixed(key: u32, bits: u32) -> u32 {
  let mixed = (key ^ select(bits, 0u, (bits & 0x7fffffffu) == 0u)) * 0x9e3779b1u;
  return mixed ^ (mixed >> 15u);
}

fn key_of(layer: vec4u, unit: u32) -> u32 {
  var key = 0u;
  let rows = min(layer.y, row_most);
  for (var r = 0u; r < rows; r++) {
    let at = layer.x + r * layer.y / rows * layer.z + unit;
    key = mixed(mixed(key, w[at]), dw[at]);
  }
  if (layer.w != none) { key = mixed(mixed(key, w[layer.w + unit]), dw[layer.w + unit]); }
  return key;
}

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let is_input = group.x == layers;
  let layer = units[min(group.x, layers - 1u)];
  let count = select(min(layer.z, unit_most), 0u, is_input);
  for (var u = index; u < count; u += workgroup_size) { keys[u] = key_of(layer, u); }
  let all = state.count * input_elements;
  let spacing = ((all + input_most - 1u) / input_most) | 1u;
  var sum = vec4f(); // of the distance from the first number, and of its square; number of equal units
  if (is_input) {
    for (var i = spacing * index; i < all; i += spacing * workgroup_size) {
      let d = x[i] - x[0];
      sum += vec4f(d, d * d, 0.0, 0.0);
    }
  }
  workgroupBarrier();
  for (var u = index; u < count; u += workgroup_size) {
    var v = 0u;
    while (v < count && (v == u || keys[v] != keys[u])) { v++; }
    sum.z += f32(v < count);
  }
  sum = sum_of(sum, index);
  if (index != 0u) { return; }
  let record = state.step % record_slots * record_words;
  if (is_input) {
    let mean = sum.xy / f32((all + spacing - 1u) / spacing);
    let variance = mean.y - mean.x * mean.x;
    records[record + input_word + input_mean] = bitcast<u32>(x[0] + mean.x);
    records[record + input_word + input_standard_deviation] = bitcast<u32>(sqrt(select(variance, 0.0, variance < 0.0)));
  } else {
    records[record + first_word + layer_words * group.x + layer_equal] = u32(sum.z);
  }
}
