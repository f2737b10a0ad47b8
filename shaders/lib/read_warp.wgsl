
// Where coordinate v falls on an axis of n places: scipy.ndimage's modes, of which wrap has the period n - 1.
fn fold(v: f32, n: f32) -> f32 {
#if ${reflect}
  let period = 2.0 * n;
  let u = (v + 0.5) - period * floor((v + 0.5) / period);
  return select(u, period - u, u > n) - 0.5;
#elif ${wrap}
  let period = n - 1.0;
  if (period < 0.5) { return 0.0; }
  if (v < 0.0) { return v + period * (floor(-v / period) + 1.0); }
  return select(v, v - period * floor(v / period), v > period);
#elif ${grid_constant}
  return clamp(v, -2.0, n + 1.0); // as far out as makes no difference
#else
  return clamp(v, 0.0, n - 1.0);
#endif
}
#if ${grid_constant}

// A pixel of an image that goes on with cval for ever.
fn pixel_or_cval(at: vec2f, place: Place) -> Pixel {
  let inside = at.x >= 0.0 && at.y >= 0.0 && at.x < f32(from_width) && at.y < f32(from_height);
  let value = pixel_at(u32(max(at.x, 0.0)), u32(max(at.y, 0.0)), place);
  return select(Pixel(${cval}), value, inside);
}
#endif

// The image through the map of this slot, by order 0 or 1. `constant` has a hard edge, as SciPy's.
fn read_warp(place: Place) -> Pixel {
  let at_map = place.slot * ${map_stride} + ${map_at};
  let first = maps[at_map];
  let second = maps[at_map + 1u];
  let column = f32(place.column);
  let row = f32(place.row);
  var at = vec2f(first.x * column + first.y * row + first.z, first.w * column + second.x * row + second.y);
#if ${projective}
  at /= second.z * column + second.w * row + 1.0;
#endif
#if ${boxed}
  let box = maps[at_map + 2u];
  at = clamp(at, box.xy, box.zw);
#endif
  let last = vec2f(f32(from_width - 1u), f32(from_height - 1u));
#if ${constant}
  outside = at.x < 0.0 || at.y < 0.0 || at.x > last.x || at.y > last.y;
#elif ${grid_constant}
  outside = at.x <= -1.0 || at.y <= -1.0 || at.x >= last.x + 1.0 || at.y >= last.y + 1.0;
#endif
  at = vec2f(fold(at.x, f32(from_width)), fold(at.y, f32(from_height)));
#if ${interpolate}
  let low = floor(at);
  let part = at - low;
#if ${grid_constant}
  let above = mix(pixel_or_cval(low, place), pixel_or_cval(low + vec2f(1.0, 0.0), place), part.x);
  let below = mix(pixel_or_cval(low + vec2f(0.0, 1.0), place), pixel_or_cval(low + 1.0, place), part.x);
#else
  let near = vec2u(clamp(low, vec2f(), last));
  let far = vec2u(clamp(low + 1.0, vec2f(), last));
  let above = mix(pixel_at(near.x, near.y, place), pixel_at(far.x, near.y, place), part.x);
  let below = mix(pixel_at(near.x, far.y, place), pixel_at(far.x, far.y, place), part.x);
#endif
  let value = mix(above, below, part.y);
#elif ${grid_constant}
  let value = pixel_or_cval(floor(at + 0.5), place);
#else
  let near = vec2u(clamp(floor(at + 0.5), vec2f(), last));
  let value = pixel_at(near.x, near.y, place);
#endif
#if ${constant}
  return select(value, Pixel(${cval}), outside);
#else
  return value;
#endif
}
