
// The rows and columns of x that a window covers, without the padding.
struct Span { first: u32, end: u32, }

fn window_rows(oy: u32) -> Span {
  let begin = oy * stride_y;
  return Span(max(begin, pad_top) - pad_top, min(begin + pool_height - pad_top, in_height));
}

fn window_columns(ox: u32) -> Span {
  let begin = ox * stride_x;
  return Span(max(begin, pad_left) - pad_left, min(begin + pool_width - pad_left, in_width));
}
