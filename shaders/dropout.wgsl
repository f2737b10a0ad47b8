// y[n,e] = x[n,e] / (1 - rate) where the random word of element e of sample n is at least rate * 2^32, else 0
// The gradient is the same product. In the backward pass x is dy and y is dx, and the mask is generated again instead of being stored.
// One invocation owns four consecutive elements of a sample, whose words are drawn together.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read_write> y: array<${element}>;

override batch: u32;
override elements: u32; // per sample
override layer: u32;
override dropped_below: u32;
override scale: f32;
#if ${spatial}
override channels: u32;
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let quads = (elements + 3u) / 4u;
  let sample = index / quads;
  if (sample >= batch) { return; }
  let quad = index % quads;
  let kept = mask(sample, quad);
#if ${vec}
  y[index] = select(vec4f(), x[index] * kept, kept != vec4f());
#else
  for (var i = 0u; i < min(4u, elements - 4u * quad); i++) {
    let at = sample * elements + 4u * quad + i;
    y[at] = select(0.0, x[at] * kept[i], kept[i] != 0.0);
  }
#endif
}
