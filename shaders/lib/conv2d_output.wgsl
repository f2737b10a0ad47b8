
// Four output channels of a pixel of y; tiles that extend beyond the last pixel or channel store nothing there.
fn store(index: u32, co: u32, value: vec4f) {
  if (index >= batch * out_height * out_width || co >= out_channels) { return; }
  store_quad(index * out_channels + co, out_channels - co, value);
}

#if ${pooled}
// Selects the first of the largest in row-major order, or a NaN.
fn store_winner(cell: u32, co: u32, a: vec4f, c: vec4f, d: vec4f, e: vec4f, shift: vec4f) {
  var best = a;
  var place = vec4u(0u);
  let second = wins(c, best);
  best = select(best, c, second);
  place = select(place, vec4u(1u), second);
  let third = wins(d, best);
  best = select(best, d, third);
  place = select(place, vec4u(2u), third);
  let fourth = wins(e, best);
  best = select(best, e, fourth);
  place = select(place, vec4u(3u), fourth);
  store(cell, co, activate(best + shift));
  if (cell < batch * out_height * out_width && co < out_channels) {
    argmax[(cell * out_channels + co) >> 2u] = place.x | (place.y << 8u) | (place.z << 16u) | (place.w << 24u);
  }
}
#endif
