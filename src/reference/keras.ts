import type { KerasDraw } from '../augment/keras_draws.ts';
import type { Sampling } from '../augment/op.ts';
import type { KerasCompat } from '../augment/statistics.ts';
import {
  type Affine,
  affineMatrix,
  flipImage,
  identityParameters,
  type KerasParameters,
  type Matrix,
  type Picture,
  sampleImage,
} from './augment.ts';

type Numbers = ArrayLike<number>;

const product = (...matrices: Matrix[]): Matrix =>
  matrices.reduce(
    (a, b) =>
      a.map((row) => [0, 1, 2].map((j) => row[0]! * b[0][j]! + row[1]! * b[1][j]! + row[2]! * b[2][j]!)) as never,
  );

const translation = (down: number, right: number): Matrix => [
  [1, 0, down],
  [0, 1, right],
  [0, 0, 1],
];

/**
 * Center of rotation in keras-preprocessing 1.1: half a pixel beyond the center of the pixel grid, hence one pixel beyond the
 * image's center.
 */
const centreOf = ({ height, width }: Picture): [down: number, right: number] => [height / 2 + 0.5, width / 2 + 0.5];

/**
 * C R T S Z C^-1 of keras-preprocessing 1.1 (apply_affine_transform in keras_preprocessing/image/affine_transformations.py),
 * without flips. It uses (row, column) throughout: tx moves down and zx zooms the rows, each axis has its own center, and a
 * positive theta rotates the picture clockwise.
 */
export function affineMatrixOf11(p: KerasParameters, s: Picture): Matrix {
  const [theta, shear] = [(p.theta * Math.PI) / 180, (p.shear * Math.PI) / 180];
  const [down, right] = centreOf(s);
  return product(
    translation(down, right),
    [
      [Math.cos(theta), -Math.sin(theta), 0],
      [Math.sin(theta), Math.cos(theta), 0],
      [0, 0, 1],
    ],
    translation(p.tx, p.ty),
    [
      [1, -Math.sin(shear), 0],
      [0, Math.cos(shear), 0],
      [0, 0, 1],
    ],
    [
      [p.zx, 0, 0],
      [0, p.zy, 0],
      [0, 0, 1],
    ],
    translation(-down, -right),
  );
}

/** The same map in closed form, including the flips after the warp. */
export function composeAffineOf11(p: KerasParameters, s: Picture): Affine {
  const radians = Math.PI / 180;
  const [cosine, sine] = [Math.cos(p.theta * radians), Math.sin(p.theta * radians)];
  const [shearedCosine, shearedSine] = [
    Math.cos((p.theta + p.shear) * radians),
    Math.sin((p.theta + p.shear) * radians),
  ];
  const [down, right] = centreOf(s);
  let [a, b] = [p.zy * shearedCosine, p.zx * sine];
  let [d, e] = [-p.zy * shearedSine, p.zx * cosine];
  let c = right + p.tx * sine + p.ty * cosine - a * right - b * down;
  let f = down + p.tx * cosine - p.ty * sine - d * right - e * down;
  if (p.flipHorizontal) [a, c, d, f] = [-a, c + a * (s.width - 1), -d, f + d * (s.width - 1)];
  if (p.flipVertical) [b, c, e, f] = [-b, c + b * (s.height - 1), -e, f + e * (s.height - 1)];
  return [a, b, c, d, e, f];
}

/** y = clip(x + intensity, min x, max x), with the same intensity and bounds for all channels. */
export function shiftChannels(image: Numbers, intensity: number): Float64Array {
  const { least, most } = rangeOf(image);
  return Float64Array.from(image, (value) => Math.min(Math.max(value + intensity, least), most));
}

/**
 * Brightness in three variants. `corrected`: clip(b x, 0, 255). Keras goes through bytes instead: `keras` truncates to bytes, and
 * stretches the image to bytes and back only if it exceeds 0 .. 255; `keras-preprocessing-1.1` always stretches it, and does not
 * undo that. An image in 0 .. 1 therefore becomes black in `keras`, and up to 255 times as bright in the other.
 *
 * Keras computes in float32 and truncates. The two Keras variants do the same here, so they reproduce Keras' numbers exactly.
 *
 * @param s 1, 3 or 4 channels for Keras; the fourth is alpha, which does not change.
 */
export function brighten(image: Numbers, s: Picture, b: number, compat: KerasCompat): Float64Array {
  if (compat === 'corrected') return Float64Array.from(image, (value) => Math.min(Math.max(b * value, 0), 255));
  const f = Math.fround;
  const { least, most } = rangeOf(image);
  const beyond = least < 0 || most > 255;
  const low = compat === 'keras' ? least : Math.min(least, 0);
  const width = f(most - low);
  const stretched = (value: number) => f((width === 0 ? 0 : f(f(value - low) / width)) * 255);
  const stretch = beyond || compat === 'keras-preprocessing-1.1';
  return Float64Array.from(image, (value, at) => {
    const byte = Math.trunc(stretch ? stretched(value) : value);
    const isTransparency = s.channels === 4 && at % 4 === 3;
    const brightened = isTransparency ? byte : Math.trunc(Math.min(Math.max(f(f(b) * byte), 0), 255));
    return beyond && compat === 'keras' ? f(f(f(brightened / 255) * f(most - least)) + least) : brightened;
  });
}

/**
 * Keras' apply_transform: the warp, the channel shift, both flips, the brightness. Intermediate results are float32, as in Keras.
 */
export function transformImage(
  image: Numbers,
  s: Picture,
  draw: Partial<KerasDraw>,
  sampling: Sampling,
  compat: KerasCompat,
): Float64Array {
  const p = { ...identityParameters, ...draw };
  const matrix = compat === 'keras-preprocessing-1.1' ? affineMatrixOf11(p, s) : affineMatrix(p, s, compat);
  let y: Numbers = Float32Array.from(sampleImage(image, s, matrix, sampling));
  if (draw.channelShiftIntensity !== undefined) y = Float32Array.from(shiftChannels(y, draw.channelShiftIntensity));
  y = flipImage(y, s, p.flipHorizontal, p.flipVertical);
  return Float64Array.from(draw.brightness === undefined ? y : brighten(y, s, draw.brightness, compat));
}

function rangeOf(image: Numbers): { least: number; most: number } {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < image.length; i++) [least, most] = [Math.min(least, image[i]!), Math.max(most, image[i]!)];
  return { least, most };
}
