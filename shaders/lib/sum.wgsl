
// The sum of v over a workgroup, always added up in the same order. Only invocation 0 gets it.
#if ${subgroups}
fn sum_of(v: vec4f, index: u32) -> vec4f {
  let pair = v + quadSwapY(v);
  return pair + quadSwapX(pair);
}
#else
var<workgroup> sums: array<vec4f, workgroup_size>;

fn sum_of(v: vec4f, index: u32) -> vec4f {
  sums[index] = v;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index < half) { sums[index] += sums[index + half]; }
  }
  return sums[0];
}
#endif
