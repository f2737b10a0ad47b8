
// A unit is a set of elements that are normalized together: for all pixels of one instance, the channels of one group. ${pixel_invocations}
// by ${column_invocations} invocations share a unit, and a workgroup owns ${units} units.
override instances: u32;
override pixels: u32;
override columns: u32;       // of a pixel, in loads
override group_columns: u32; // of a pixel in one group, in loads

alias Element = ${element};
const pixel_invocations = ${pixel_invocations}u;
const column_invocations = ${column_invocations}u;
const invocations = pixel_invocations * column_invocations;
const workgroup_size = invocations * ${units}u;

struct Unit {
  index: u32,
  instance: u32,
  column: u32,  // the first of the group
  first: u32,   // start of the unit in x, in loads
  pixel: u32,   // this invocation's first pixel; it processes every pixel_invocations-th one from there
  pixels: u32,  // 0 for an invocation beyond the last unit, which only takes part in the barriers
  offset: u32,  // this invocation's first column within the group
  count: f32,   // elements
}

var<workgroup> sums: array<vec2f, workgroup_size>;

fn unit_of(workgroup: u32, index: u32) -> Unit {
  let groups = columns / group_columns;
  let wanted = workgroup * ${units}u + index / invocations;
  let unit = min(wanted, instances * groups - 1u);
  let instance = unit / groups;
  let column = unit % groups * group_columns;
  return Unit(
    unit, instance, column,
    instance * pixels * columns + column,
    index % invocations / column_invocations,
    select(0u, pixels, wanted == unit),
    index % column_invocations,
    f32(pixels * group_columns * ${width}u),
  );
}

// The sums over the invocations that share a unit, in a fixed order.
fn sums_of_unit(value: vec2f, index: u32) -> vec2f {
  if (invocations == 1u) { return value; }
  sums[index] = value;
  for (var half = invocations / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index % invocations < half) { sums[index] += sums[index + half]; }
  }
  workgroupBarrier();
  let sum = sums[index - index % invocations];
  workgroupBarrier(); // before the next sums are written over these
  return sum;
}

fn total(v: Element) -> f32 {
#if ${vec}
  return dot(v, vec4f(1.0));
#else
  return v;
#endif
}
