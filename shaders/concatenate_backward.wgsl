// dx[r, k] = dy[r, offset + k]: the part of every run of dy that belongs to one input
// A run is the contiguous block from the concatenation axis inwards. One invocation owns one element of dx, or four consecutive ones.
@group(0) @binding(0) var<storage, read> dy: array<${element}>;
@group(0) @binding(1) var<storage, read_write> dx: array<${element}>;

override runs: u32;
override run: u32;    // elements of dx in one
override total: u32;  // elements of dy in one
override offset: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let loads = run / channels_a_load;
  if (index >= runs * loads) { return; }
  dx[index] = dy[(index / loads * total + offset) / channels_a_load + index % loads];
}
