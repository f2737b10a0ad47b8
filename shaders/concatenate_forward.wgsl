// y[r, offset + k] = x[r, k]: every run of one input is copied to its position in the longer runs of y
// A run is the contiguous block from the concatenation axis inwards. One invocation owns one element of x, or four consecutive ones; the
// dispatches of the other inputs write the rest of y.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;

override runs: u32;
override run: u32;    // elements of x in one
override total: u32;  // elements of y in one
override offset: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let loads = run / channels_a_load;
  if (index >= runs * loads) { return; }
  y[(index / loads * total + offset) / channels_a_load + index % loads] = x[index];
}
