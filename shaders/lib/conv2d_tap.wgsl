
// The position at which a pixel reads x for one kernel element, `down` rows and `right` columns from the window's corner: the index of the
// first channel, or `outside` if it is not in the image.
const outside = 0xffffffffu;

fn tap(p: Pixel, down: u32, right: u32) -> u32 {
  let at = u32(p.at + i32((down * in_width + right) * in_channels)) / channels_a_load;
#if ${padded}
  // Positions below zero wrap around to far beyond the end. Neither this function nor load_x branches, because some compilers fail on
  // branches that are unrolled over eight pixels.
  return select(outside, at, (u32(p.row) + down < in_height) & (u32(p.column) + right < in_width));
#else
  return at;
#endif
}

fn load_x(tap: u32, step: u32) -> ${load} {
#if ${padded}
  return select(${x}[tap + step], ${load}(), tap == outside);
#else
  return ${x}[tap + step];
#endif
}
