
struct Place { image: u32, row: u32, column: u32, channel: u32, }

fn place_of(at: u32) -> Place {
  let pixel = at / channels;
  return Place(pixel / width / height, pixel / width % height, pixel % width, at % channels);
}
