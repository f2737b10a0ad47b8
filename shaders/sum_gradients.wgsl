// dy[i] = act'(z[i]) * (sum of the pending gradients) + sum of the finished gradients, where v[i] = act(z[i])
// A value with several consumers gets a gradient from each. Finished ones are already gradients of z; pending ones are gradients of v. One
// invocation owns four consecutive elements of dy. Where nothing is pending, 0 * act' is not computed: an empty slot of a short batch has
// no gradient, but v may hold any number there, and 0 * infinity is NaN.
@group(0) @binding(0) var<storage, read> g0: array<${element}>;
#if ${has_g1}
@group(0) @binding(1) var<storage, read> g1: array<${element}>;
#endif
#if ${has_g2}
@group(0) @binding(2) var<storage, read> g2: array<${element}>;
#endif
#if ${has_g3}
@group(0) @binding(3) var<storage, read> g3: array<${element}>;
#endif
#if ${activated}
@group(0) @binding(4) var<storage, read> v: array<${element}>;
#endif
@group(0) @binding(5) var<storage, read_write> dy: array<${element}>;

override elements: u32;

fn gradient(i: u32) -> vec4f {
#if ${activated}
  let pending = ${pending};
  let scaled = pending * derivative(vec4f(v[i]));
  return select(scaled, vec4f(), pending == vec4f())${finished};
#else
  return ${all};
#endif
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
#if ${vec}
  if (index < elements / 4u) { dy[index] = gradient(index); }
#else
  for (var i = 4u * index; i < min(4u * index + 4u, elements); i++) { dy[i] = gradient(i).x; }
#endif
}
