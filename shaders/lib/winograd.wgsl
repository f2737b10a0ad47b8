
// Winograd's F(2x2, 3x3). In one dimension, two neighboring outputs of three taps g over the inputs d take four products instead of six:
//   m0 = (d0 - d2) g0,  m1 = (d1 + d2) (g0 + g1 + g2),  m2 = (d2 - d1) (g0 - g1 + g2),  m3 = (d1 - d3) g2
//   y0 = m0 + (m1 + m2) / 2,  y1 = (m1 - m2) / 2 - m3
// In two dimensions this is applied to the rows and then to the columns, which takes 16 products instead of 36. Most texts include the
// factors 1/2 in the kernel; here they are applied after the sum over the channels, where they are exact.
struct Inputs { p0: vec2f, p1: vec2f, p2: vec2f, p3: vec2f, }

fn of_inputs(d0: vec2f, d1: vec2f, d2: vec2f, d3: vec2f) -> Inputs { return Inputs(d0 - d2, d1 + d2, d2 - d1, d1 - d3); }
