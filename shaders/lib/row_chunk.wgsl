
// A chunk of the rows of a [rows, columns] view, which one workgroup processes: ${column_invocations} adjacent columns, with every
// ${row_invocations}th row of a column per invocation. Only rows of the batch's real samples belong to a chunk, so the last chunks can be
// empty.
override rows_per_sample: u32;
override rows_per_chunk: u32;
override columns: u32;

alias Element = ${element};
const row_invocations = ${row_invocations}u;
const column_invocations = ${column_invocations}u;

struct Chunk {
  column: u32,
  row: u32,   // this invocation's first
  end: u32,   // one past the last row of the chunk
  rows: f32,  // number of rows in the chunk, at least 1 because it is a divisor
}

var<workgroup> sums: array<Element, row_invocations * column_invocations>;

fn chunk_of(group: vec3u, index: u32) -> Chunk {
  let column = group.y * column_invocations + index % column_invocations;
  let first = group.x * rows_per_chunk;
  let end = max(first, min(first + rows_per_chunk, state.count * rows_per_sample));
  // Invocations beyond the last column take part in the barriers but process no rows.
  return Chunk(column, first + index / column_invocations, select(0u, end, column < columns), f32(max(1u, end - first)));
}

// The sum of a column over the invocations that share it, in a fixed order.
fn sum_of_column(value: Element, index: u32) -> Element {
  if (row_invocations == 1u) { return value; }
  sums[index] = value;
  for (var half = row_invocations / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index < half * column_invocations) { sums[index] += sums[index + half * column_invocations]; }
  }
  workgroupBarrier();
  let sum = sums[index % column_invocations];
  workgroupBarrier(); // before the next sum is written over this one
  return sum;
}

fn writes(chunk: Chunk, index: u32) -> bool {
  return index < column_invocations && chunk.column < columns;
}
