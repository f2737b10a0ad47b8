// rate = values[i], where i is the number of boundaries below step
fn piecewise_constant_decay(step: u32, boundaries: u32, list: u32) -> f32 {
  var i = 0u;
  while (i < boundaries && step > schedule[list + i]) { i++; }
  return bitcast<f32>(schedule[list + boundaries + i]);
}
