
// The two rows (or columns) of x that enclose one of y, measured at pixel centers, and the weight of the second. At the edge both are the
// same.
struct Between { first: u32, second: u32, weight: f32, }

fn between(o: u32, factor: u32, length: u32) -> Between {
  let middle = o / factor;
  // Halves of 1 / factor, from the center of pixel `middle`: whole numbers, so that the weight is rounded once.
  let off = 2 * i32(o % factor) + 1 - i32(factor);
  let weight = f32(select(off, off + 2 * i32(factor), off < 0)) / f32(2u * factor);
  let first = select(middle, max(middle, 1u) - 1u, off < 0);
  let second = select(min(middle + 1u, length - 1u), middle, off < 0);
  return Between(first, second, weight);
}
