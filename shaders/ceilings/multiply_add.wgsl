// y = a y + b, repeatedly, for four vec4 y in each invocation: arithmetic only, all of it in registers.
// Its memory traffic is negligible. It writes a result so that the compiler does not remove the work.

override rounds: u32;

@group(0) @binding(0) var<storage, read> coefficients: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn multiply_add(@builtin(global_invocation_id) id: vec3u) {
  let a = coefficients[0];
  let b = coefficients[1];
  var y0 = a * f32(id.x);
  var y1 = y0 + b;
  var y2 = y1 + b;
  var y3 = y2 + b;
  for (var round = 0u; round < rounds; round++) {
    y0 = a * y0 + b;
    y1 = a * y1 + b;
    y2 = a * y2 + b;
    y3 = a * y3 + b;
  }
  y[id.x] = y0 + y1 + y2 + y3;
}
