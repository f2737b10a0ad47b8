#if ${compared}

// Words from 1: the weight of the image itself, then of each chain. The first chain is added to the image, the others to the result so far,
// `beside`.
fn aug_mix(value: Pixel, at: u32, place: Place, chain: u32) -> Pixel {
  let weight = select(1.0, drawn(at + 1u), chain == 0u);
  return weight * beside_at(place) + drawn(at + 2u + chain) * value;
}
#endif
