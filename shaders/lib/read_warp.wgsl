
#if ${filled}
var<private> cover: f32; // the fraction of the sampled area that lies inside the image

#endif
// Maps coordinate v to an axis of length n: scipy.ndimage's modes, of which wrap has the period n - 1.
fn fold(v: f32, n: f32) -> f32 {
#if ${reflect}
  let period = 2.0 * n;
  let u = (v + 0.5) - period * floor((v + 0.5) / period);
  return select(u, period - u, u > n) - 0.5;
#elif ${mirror}
  let period = max(1.0, 2.0 * (n - 1.0));
  let u = v - period * floor(v / period);
  return min(select(u, period - u, u > n - 1.0), n - 1.0);
#elif ${wrap}
  let period = n - 1.0;
  if (period < 0.5) { return 0.0; }
  if (v < 0.0) { return v + period * (floor(-v / period) + 1.0); }
  return select(v, v - period * floor(v / period), v > period);
#else
  return clamp(v, 0.0, n - 1.0);
#endif
}

fn fold_all(at: vec2f, n: vec2f) -> vec2f {
#if ${filled}
#if ${soft}
  let inside = clamp(min(at + 1.0, n - at), vec2f(), vec2f(1.0)); // the edge is one pixel wide
  cover *= inside.x * inside.y;
#else
  let probe = ${probe}; // a border pixel extends half-way beyond its center or, as in SciPy's constant mode, ends at its center
  if (any(probe < vec2f()) || any(probe > n - 1.0)) { cover = 0.0; }
#endif
#endif
  return vec2f(fold(at.x, n.x), fold(at.y, n.y));
}
#if ${filled}

fn filled(value: Pixel) -> Pixel {
  return (1.0 - cover) * Pixel(${cval}) + cover * value;
}
#endif
#if ${multiplied}

fn through(at: vec2f, place: u32) -> vec2f {
  let first = own_maps[place];
  let second = own_maps[place + 1u];
  let to = vec2f(first.x * at.x + first.y * at.y + first.z, first.w * at.x + second.x * at.y + second.y);
#if ${projective}
  let depth = second.z * at.x + second.w * at.y + own_maps[place + 2u].x;
  // On the horizon: far outside, but finite.
  return clamp(to / select(depth, 1e-30, depth == 0.0), vec2f(-1e6), vec2f(1e6));
#else
  return to;
#endif
}
#endif
#if ${windowed}

// The region of the image extends half a step beyond the centers of its outermost pixels. Half a pixel inside that border are the image's
// outermost pixel centers, where interpolation stops.
fn into_window(at: vec2f, window: vec4f, n: vec2f) -> vec2f {
  let least = window.xy + 0.5 - 0.5 * window.zw;
  return clamp(window.xy + window.zw * at, least, least + window.zw * n - 1.0);
}
#endif

// The image sampled through the maps of this slot, with interpolation of order 0 or 1.
fn read_warp(place: Place) -> Pixel {
#if ${filled}
  cover = 1.0;
#endif
  var at = vec2f(f32(i32(place.column)), f32(i32(place.row)));
#if ${displaced}
  at += displacements[(place.slot * height + place.row) * width + place.column];
#endif
${locate_lines}
  at = fold_all(at, vec2f(f32(from_width), f32(from_height)));
  let last = vec2u(from_width - 1u, from_height - 1u);
#if ${interpolate}
#if ${reflect}
  let low = floor(at);
  let part = at - low;
  let near = vec2u(clamp(low, vec2f(), vec2f(last)));
  let far = vec2u(clamp(low + 1.0, vec2f(), vec2f(last)));
#else
  // The other modes stay between the first and the last pixel.
  let whole = vec2i(at);
  let part = at - vec2f(whole);
  let near = vec2u(whole);
  let far = min(near + 1u, last);
#endif
  let row = row_at(near.y);
  let next = row_at(far.y);
  let above = mix(texel(row + near.x, place), texel(row + far.x, place), part.x);
  let below = mix(texel(next + near.x, place), texel(next + far.x, place), part.x);
  return mix(above, below, part.y);
#else
  let near = vec2u(clamp(floor(at + 0.5), vec2f(), vec2f(last)));
  return pixel_at(near.x, near.y, place);
#endif
}
