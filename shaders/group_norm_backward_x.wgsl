// dx[n,p,c] = act'(x[n,p,c]) * rstd[n,g] * (h[n,p,c] - mean of h - xhat[n,p,c] * mean of h xhat),  h = gamma[c] * dy[n,p,c]
// xhat = (x - mean) * rstd, and both means are taken over unit (n, g); act is the activation that produced x. Several invocations share a
// unit, see lib/norm_unit.wgsl. dx is 0 for an instance of an empty slot.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read> dy: array<${element}>;
@group(0) @binding(2) var<storage, read> statistics: array<vec2f>; // mean, rstd
@group(0) @binding(3) var<storage, read> state: State;
@group(0) @binding(4) var<storage, read_write> dx: array<${element}>;
#if ${scale}
@group(0) @binding(5) var<storage, read> gamma: array<${element}>;
#endif

override instances_per_sample: u32;

fn scaled(at: u32, column: u32) -> Element {
#if ${scale}
  return gamma[column] * dy[at];
#else
  return dy[at];
#endif
}

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let unit = unit_of(id.y * workgroups.x + id.x, index);
  let mean = statistics[unit.index].x;
  let rstd = statistics[unit.index].y;
  var sum = Element();
  var products = Element();
  for (var p = unit.pixel; p < unit.pixels; p += pixel_invocations) {
    for (var c = unit.offset; c < group_columns; c += column_invocations) {
      let at = unit.first + p * columns + c;
      let h = scaled(at, unit.column + c);
      sum += h;
      products += h * (x[at] - mean);
    }
  }
  let means = sums_of_unit(vec2f(total(sum), total(products)), index) / unit.count;
  let slope = rstd * rstd * means.y;
  let real = unit.instance < state.count * instances_per_sample;
  for (var p = unit.pixel; p < unit.pixels; p += pixel_invocations) {
    for (var c = unit.offset; c < group_columns; c += column_invocations) {
      let at = unit.first + p * columns + c;
      let value = x[at];
      let dz = rstd * (scaled(at, unit.column + c) - means.x - slope * (value - mean));
#if ${activated}
#if ${vec}
      dx[at] = select(Element(), dz * derivative(value), real);
#else
      dx[at] = select(Element(), dz * derivative(vec4f(value)).x, real);
#endif
#else
      dx[at] = select(Element(), dz, real);
#endif
    }
  }
}
