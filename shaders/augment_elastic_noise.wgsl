// y[n, row, column] = two numbers in [-1, 1), drawn for (number of slot n's noise, pixel)
// One invocation owns one pixel. A slot to which the op is not applied gets no displacement.
@group(0) @binding(0) var<storage, read> draws: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2f>;

override batch: u32;
override height: u32;
override width: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 64u + id.x;
  let pixels = height * width;
  if (at >= batch * pixels) { return; }
  let record = at / pixels * ${words} + ${record};
  if (draws[record] == 0.0) { return; }
  let drawn = philox(vec4u(at % pixels, 0u, 0u, 0u), vec2u(u32(draws[record + 1u]), ${code}));
  y[at] = vec2f(drawn.xy >> vec2u(8u)) * 0x1p-23 - 1.0;
}
