
// Maps from (column, row, 1) of an op's output to the position in its input. They are chained by multiplication from the left: the first
// op's map comes last.

// An affine map from its rows: x_in = dot(x, (column, row, 1)), y_in = dot(y, (column, row, 1)).
fn affine(x: vec3f, y: vec3f) -> mat3x3f {
  return mat3x3f(x.x, y.x, 0.0, x.y, y.y, 0.0, x.z, y.z, 1.0);
}

fn identity_map() -> mat3x3f {
  return affine(vec3f(1.0, 0.0, 0.0), vec3f(0.0, 1.0, 0.0));
}

// A window, given by (x, y) of its pixel (0, 0) and its step sizes.
fn window_map(window: vec4f) -> mat3x3f {
  return affine(vec3f(window.z, 0.0, window.x), vec3f(0.0, window.w, window.y));
}

fn flip(horizontal: bool, vertical: bool, size: vec2f) -> mat3x3f {
  let last = size - 1.0;
  return affine(
    select(vec3f(1.0, 0.0, 0.0), vec3f(-1.0, 0.0, last.x), horizontal),
    select(vec3f(0.0, 1.0, 0.0), vec3f(0.0, -1.0, last.y), vertical),
  );
}

// (cos, sin) of degrees to full precision: WGSL's own functions may be off by 2^-11, which is visible in a large image.
fn turn(degrees: f32) -> vec2f {
  let quarters = round(degrees / 90.0);
  let x = radians(degrees - 90.0 * quarters);
  let s = x * x;
  let c = 1.0 + s * (-0.5 + s * (1.0 / 24.0 + s * (-1.0 / 720.0 + s * (1.0 / 40320.0))));
  let d = x * (1.0 + s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5040.0 + s * (1.0 / 362880.0)))));
  switch (i32(quarters) & 3) {
    case 1: { return vec2f(-d, c); }
    case 2: { return vec2f(-c, -d); }
    case 3: { return vec2f(d, -c); }
    default: { return vec2f(c, d); }
  }
}

// Rotates the image counterclockwise about a point.
fn turn_about(centre: vec2f, degrees: f32) -> mat3x3f {
  let r = turn(degrees);
  let x = vec2f(r.x, -r.y);
  let y = vec2f(r.y, r.x);
  return affine(vec3f(x, centre.x - dot(x, centre)), vec3f(y, centre.y - dot(y, centre)));
}

// torchvision's _get_inverse_affine_matrix: the inverse of T R(angle) Shear(x, y) scale about a point, which rotates the image clockwise.
fn affine_about(centre: vec2f, angle: f32, shift: vec2f, scale: f32, shear: vec2f) -> mat3x3f {
  let shear_x = turn(shear.x);
  let tangent = shear_x.y / shear_x.x;
  let cosine = turn(shear.y).x;
  let turned = turn(angle - shear.y) / cosine;
  let r = turn(angle);
  let x = vec2f(r.x - turned.y * tangent, r.y + turned.x * tangent) / scale;
  let y = vec2f(-turned.y, turned.x) / scale;
  let shifted = centre + shift;
  return affine(vec3f(x, centre.x - dot(x, shifted)), vec3f(y, centre.y - dot(y, shifted)));
}
