// rate = from (1 - s) + to s, s along half a cosine or a line: from first to highest until peak, then down to last until end
fn one_cycle(step: u32, first: f32, highest: f32, last: f32, peak: f32, end: f32, linear: u32) -> f32 {
  let at = min(f32(step), end);
  let climbs = f32(step) <= peak;
  let begin = select(peak, 0.0, climbs);
  let length = select(end, peak, climbs) - begin;
  let none = length <= 0.0;
  // Both terms are computed separately, from the elapsed and the remaining part, so that a small rate at the end is not the difference of
  // two large ones.
  let over = select((at - begin) / length, 1.0, none);
  let left = select((begin + length - at) / length, 0.0, none);
  let s = select(raised_cosine(over), over, linear != 0u);
  let r = select(raised_cosine(left), left, linear != 0u);
  return select(highest, first, climbs) * r + select(last, highest, climbs) * s;
}
