// y[i] = act(x[i])
// One invocation owns four consecutive elements of y.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;

override elements: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
#if ${vec}
  if (index < elements / 4u) { y[index] = activate(x[index]); }
#else
  for (var i = 4u * index; i < min(4u * index + 4u, elements); i++) { y[i] = activate(vec4f(x[i])).x; }
#endif
}
