
// The location of an element of x in the arenas.
fn place_of(it: Matrix, row: u32, column: u32) -> u32 {
  return it.first + select(row * it.columns + column, column * it.rows + row, it.transposed != 0u);
}
