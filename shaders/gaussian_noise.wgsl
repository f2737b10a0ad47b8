// y[n,e] = x[n,e] + standard_deviation * z[n,e], where z is normal and drawn for element e of sample n
// One invocation owns four consecutive elements of a sample, whose words are drawn together.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read_write> y: array<${element}>;

override batch: u32;
override elements: u32; // per sample
override layer: u32;
override standard_deviation: f32;

alias Uniforms = vec4f;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let quads = (elements + 3u) / 4u;
  let sample = index / quads;
  if (sample >= batch) { return; }
  let quad = index % quads;
  // Strictly between 0 and 1, because 0 and 1 would map to infinity.
  let uniforms = (vec4f(layer_words(sample, quad) >> vec4u(9u)) + 0.5) * 0x1p-23;
  let noise = standard_deviation * normal(uniforms);
#if ${vec}
  y[index] = x[index] + noise;
#else
  for (var i = 0u; i < min(4u, elements - 4u * quad); i++) {
    let at = sample * elements + 4u * quad + i;
    y[at] = x[at] + noise[i];
  }
#endif
}
