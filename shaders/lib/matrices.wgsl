
// A matrix in the layout of the Newton-Schulz kernels: at least as many rows as columns, with `quads` vec4s per row.
struct Matrix {
  first: u32,      // of its elements in the arenas
  tensor: u32,
  transposed: u32, // 1 if the rows of the matrix are the columns of the tensor
  rows: u32,
  columns: u32,
  quads: u32,
  x: u32,          // the first vec4 of x, of the parts of its Gram matrix, and of any other square matrix
  parts: u32,
  square: u32,
  slices: u32,     // number of parts that the sum over the rows is split into
}

fn matrix_of(i: u32) -> Matrix {
  let a = matrices[3u * i];
  let b = matrices[3u * i + 1u];
  let c = matrices[3u * i + 2u];
  return Matrix(a.x, a.y, a.z, b.x, b.y, b.z, c.x, c.y, c.z, c.w);
}

// A workgroup's matrix, its first tile, and its slice of the sum or its half of a pair. Many workgroups are folded into rows; surplus
// workgroups of the last row have tiles beyond the last one.
fn task_of(group: vec3u, groups: vec3u) -> vec4u {
  let at = group.y * groups.x + group.x;
  let task = tasks[min(at, task_count - 1u)];
  return vec4u(task.x, select(0xffffff00u, task.y, at < task_count), task.z, 0u);
}

override task_count: u32;
