
// A unit is what is normalized together: all pixels of one instance, and of each pixel the channels of one group. Its
// invocations share it in ${pixel_invocations} by ${column_invocations}; a workgroup owns ${units} units.
override instances: u32;
override pixels: u32;
override columns: u32;       // of an instance's pixel, in loads
override group_columns: u32; // of them those of a group

alias Element = ${element};
const pixel_invocations = ${pixel_invocations}u;
const column_invocations = ${column_invocations}u;
const invocations = pixel_invocations * column_invocations;
const workgroup_size = invocations * ${units}u;

struct Unit {
  index: u32,
  instance: u32,
  column: u32,  // the first of the group
  first: u32,   // where the unit begins in x, in loads
  pixel: u32,   // this invocation's first, from which it takes every pixel_invocations-th
  pixels: u32,  // none for an invocation beyond the last unit, which stays for the barriers
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
