
// A matrix as the Newton-Schulz kernels have it: no fewer rows than columns, each row `quads` vec4s.
struct Matrix {
  first: u32,      // of its elements in the arenas
  tensor: u32,
  transposed: u32, // 1 where the tensor has its columns as rows
  rows: u32,
  columns: u32,
  quads: u32,
  x: u32,          // the first vec4 of x, of the parts of its Gram matrix, and of the polynomial
  parts: u32,
  p: u32,
  slices: u32,     // parts that the sum over the rows is split into
}

fn matrix_of(i: u32) -> Matrix {
  let a = matrices[3u * i];
  let b = matrices[3u * i + 1u];
  let c = matrices[3u * i + 2u];
  return Matrix(a.x, a.y, a.z, b.x, b.y, b.z, c.x, c.y, c.z, c.w);
}

// A workgroup's matrix and first tile. Many workgroups are folded into rows, and the last row may have too many.
fn task_of(group: vec3u, groups: vec3u) -> vec2u {
  let at = group.y * groups.x + group.x;
  return select(vec2u(0u, 0xffffff00u), tasks[min(at, task_count - 1u)], at < task_count);
}

override task_count: u32;

// Where an element of x lies in the arenas.
fn place_of(it: Matrix, row: u32, column: u32) -> u32 {
  return it.first + select(row * it.columns + column, column * it.rows + row, it.transposed != 0u);
}
