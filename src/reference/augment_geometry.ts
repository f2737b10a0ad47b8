import type { Picture, Sampling } from '../augment/op.ts';
import { fold, sampleAt } from './augment.ts';
import { type DrawKey, roundHalfEven, unit } from './draws.ts';
import { philox } from './random.ts';

type Numbers = ArrayLike<number>;
type Size = { height: number; width: number };

/** Sampling position (x, y) in the input for pixel (column, row) of the output. */
export type Where = (column: number, row: number) => readonly [x: number, y: number];

/** y[row, column] = image at where(column, row). */
export function warp(image: Numbers, from: Picture, to: Size, where: Where, sampling: Sampling): Float64Array {
  const { channels } = from;
  return Float64Array.from({ length: to.height * to.width * channels }, (_, at) => {
    const [x, y] = where(Math.floor(at / channels) % to.width, Math.floor(at / channels / to.width));
    return sampleAt(image, from, y, x, at % channels, sampling);
  });
}

/** Crops at whole pixels, starting at (left, top); pixels outside of the image follow the fill mode. */
export function cropImage(image: Numbers, from: Picture, crop: CropParameters, to: Size, sampling: Sampling) {
  return warp(image, from, to, (column, row) => [crop.left + column, crop.top + row], sampling);
}

export interface CropParameters {
  top: number;
  left: number;
}

export interface ResizedCropParameters extends CropParameters, Size {}

/** torchvision's functional resized_crop: crops a part, then scales its pixels (align_corners=False). */
export function resizedCrop(
  image: Numbers,
  from: Picture,
  { top, left, height, width }: ResizedCropParameters,
  to: Size,
  interpolationOrder: 0 | 1,
): Float64Array {
  const sampling: Sampling = { fillMode: 'nearest', cval: 0, interpolationOrder };
  const part = cropImage(image, from, { top, left }, { height, width }, sampling);
  const where = (place: number, n: number, of: number) => ((place + 0.5) * n) / of - 0.5;
  return warp(
    part,
    { height, width, channels: from.channels },
    to,
    (column, row) => [where(column, width, to.width), where(row, height, to.height)],
    sampling,
  );
}

/**
 * torchvision's RandomResizedCrop.get_params, line by line; uses the purposes from `purpose` on, as in
 * random_resized_crop_draw.wgsl.
 */
export function drawResizedCrop(
  key: DrawKey,
  purpose: number,
  { height, width }: Size,
  scale: readonly [number, number],
  ratio: readonly [number, number],
): ResizedCropParameters {
  const between = (of: number, low: number, high: number) => low + (high - low) * unit(key, purpose + of);
  const whole = (of: number, high: number) => Math.min(high, Math.floor((high + 1) * unit(key, purpose + of)));
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = height * width * between(2 * attempt, ...scale);
    const aspect = Math.exp(between(2 * attempt + 1, Math.log(ratio[0]), Math.log(ratio[1])));
    const w = roundHalfEven(Math.sqrt(area * aspect));
    const h = roundHalfEven(Math.sqrt(area / aspect));
    if (w > 0 && w <= width && h > 0 && h <= height)
      return { top: whole(20, height - h), left: whole(21, width - w), height: h, width: w };
  }
  let [h, w] = [height, width];
  if (width / height < ratio[0]) h = roundHalfEven(width / ratio[0]);
  else if (width / height > ratio[1]) w = roundHalfEven(height * ratio[1]);
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
}

/** Matrix, row by row, from (x, y, 1) to (x, y, w). */
export type Matrix3 = readonly [Row, Row, Row];
type Row = readonly [number, number, number];

const multiply = (a: Matrix3, b: Matrix3): Matrix3 =>
  a.map((row) => [0, 1, 2].map((j) => row[0] * b[0][j]! + row[1] * b[1][j]! + row[2] * b[2][j]!)) as never;

/** Gauss-Jordan elimination with partial pivoting; the columns of b follow those of a. */
function solve(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  const rows = a.map((row, i) => [...row, ...b[i]!]);
  for (let i = 0; i < rows.length; i++) {
    const best = rows.reduce((at, row, j) => (j > i && Math.abs(row[i]!) > Math.abs(rows[at]![i]!) ? j : at), i);
    [rows[i], rows[best]] = [rows[best]!, rows[i]!];
    const pivot = rows[i]!.map((value) => value / rows[i]![i]!);
    rows.forEach((row, j) => {
      if (j !== i) rows[j] = row.map((value, k) => value - row[i]! * pivot[k]!);
    });
    rows[i] = pivot;
  }
  return rows.map((row) => row.slice(a.length));
}

const inverse = (m: Matrix3): Matrix3 =>
  solve(m, [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]) as never;

export const identity: Matrix3 = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Maps a pixel through a matrix. */
export const through =
  (m: Matrix3): Where =>
  (column, row) => {
    const [x, y, w] = m.map((r) => r[0] * column + r[1] * row + r[2]) as [number, number, number];
    return [x / w, y / w];
  };

const moved = (x: number, y: number): Matrix3 => [
  [1, 0, x],
  [0, 1, y],
  [0, 0, 1],
];

const radians = (degrees: number) => (degrees * Math.PI) / 180;

export interface AffineParameters {
  angle?: number;
  translateX?: number;
  translateY?: number;
  scale?: number;
  shearX?: number;
  shearY?: number;
}

type Point = readonly [x: number, y: number];

/** The center of an image, or a center from torchvision's options, which count from the corner of the first pixel. */
export const centreOf = ({ height, width }: Size, centre?: Point): Point =>
  centre ? [centre[0] - 0.5, centre[1] - 0.5] : [(width - 1) / 2, (height - 1) / 2];

/** torchvision's T C R(angle) scale ShearY ShearX C^-1, multiplied out and inverted. */
export function affineMap(p: AffineParameters, [x, y]: Point): Matrix3 {
  const { angle = 0, translateX = 0, translateY = 0, scale = 1, shearX = 0, shearY = 0 } = p;
  const [cosine, sine] = [Math.cos(radians(angle)), Math.sin(radians(angle))];
  return inverse(
    (
      [
        moved(translateX, translateY),
        moved(x, y),
        [
          [cosine, -sine, 0],
          [sine, cosine, 0],
          [0, 0, 1],
        ],
        [
          [scale, 0, 0],
          [0, scale, 0],
          [0, 0, 1],
        ],
        [
          [1, 0, 0],
          [-Math.tan(radians(shearY)), 1, 0],
          [0, 0, 1],
        ],
        [
          [1, -Math.tan(radians(shearX)), 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
        moved(-x, -y),
      ] as Matrix3[]
    ).reduce(multiply),
  );
}

/** Rotates counterclockwise, the direction opposite to torchvision's affine. */
export const rotationMap = (angle: number, centre: Point): Matrix3 => affineMap({ angle: -angle }, centre);

const perspectiveCorners = ['topLeft', 'topRight', 'bottomRight', 'bottomLeft'] as const;

export type PerspectiveParameters = Record<`${(typeof perspectiveCorners)[number]}${'X' | 'Y'}`, number>;

/** torchvision's _get_perspective_coeffs: eight equations for the homography from the displaced corners to those of the image. */
export function perspectiveMap(p: PerspectiveParameters, { height, width }: Size): Matrix3 {
  const starts = [
    [0, 0],
    [width - 1, 0],
    [width - 1, height - 1],
    [0, height - 1],
  ] as const;
  const equations = perspectiveCorners.flatMap((corner, i) => {
    const [x, y] = [p[`${corner}X`], p[`${corner}Y`]];
    const [u, v] = starts[i]!;
    return [
      { of: [x, y, 1, 0, 0, 0, -u * x, -u * y], to: u },
      { of: [0, 0, 0, x, y, 1, -v * x, -v * y], to: v },
    ];
  });
  const c = solve(
    equations.map(({ of }) => of),
    equations.map(({ to }) => [to]),
  ).map(([value]) => value!);
  // The homography works on coordinates in which pixel centers are at halves.
  const homography: Matrix3 = [
    [c[0]!, c[1]!, c[2]!],
    [c[3]!, c[4]!, c[5]!],
    [c[6]!, c[7]!, 1],
  ];
  return multiply(multiply(moved(-0.5, -0.5), homography), moved(0.5, 0.5));
}

/** Rotates counterclockwise by quarter turns, pixel by pixel. */
export function quarterTurns(image: Numbers, s: Picture, turns: number): Float64Array {
  const { height, width, channels } = s;
  const [h, w] = turns % 2 === 0 ? [height, width] : [width, height];
  return Float64Array.from({ length: height * width * channels }, (_, at) => {
    const [row, column] = [Math.floor(at / channels / w), Math.floor(at / channels) % w];
    const from = [
      [row, column],
      [column, width - 1 - row],
      [h - 1 - row, w - 1 - column],
      [height - 1 - column, row],
    ][turns]!;
    return image[(from[0]! * width + from[1]!) * channels + (at % channels)]!;
  });
}

/** Displaces every pixel individually; `displacements` are (x, y) per pixel, row by row, in pixels. */
export const displaced =
  (displacements: Numbers, { width }: Size): Where =>
  (column, row) => {
    const at = 2 * (row * width + column);
    return [column + displacements[at]!, row + displacements[at + 1]!];
  };

/** Generates two numbers in [-1, 1) per pixel from the number that elasticTransform sampled. */
export function elasticNoise(number: number, { height, width }: Size): Float64Array {
  const noise = new Float64Array(2 * height * width);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const words = philox([pixel, 0, 0, 0], [number, elasticCode]);
    for (const axis of [0, 1]) noise[2 * pixel + axis] = (words[axis]! >>> 8) / 2 ** 23 - 1;
  }
  return noise;
}

const elasticCode = 9;

/** torchvision's ElasticTransform.get_params after its torch.rand: converts noise to displacements in pixels. */
export function elasticDisplacements(
  noise: Numbers,
  { height, width }: Size,
  alpha: Point,
  sigma: Point,
): Float64Array {
  const moved = new Float64Array(2 * height * width);
  const mirrored = (v: number, n: number) => fold(v, n, 'mirror')!;
  const scale = [(alpha[0] / height) * (width / 2), (alpha[1] / width) * (height / 2)];
  for (const axis of [0, 1]) {
    // torchvision's kernel is square, with a width of int(8 sigma + 1), rounded up to an odd number.
    const half = sigma[axis]! > 0 ? Math.floor(Math.floor(8 * sigma[axis]! + 1) / 2) : 0;
    const weight = (k: number, deviation: number) => (half > 0 ? Math.exp(-0.5 * (k / deviation) ** 2) : 1);
    for (let at = 0; at < height * width; at++) {
      const [row, column] = [Math.floor(at / width), at % width];
      let [sum, weights] = [0, 0];
      for (let i = -half; i <= half; i++) {
        for (let j = -half; j <= half; j++) {
          const w = weight(i, sigma[1]) * weight(j, sigma[0]);
          sum += w * noise[2 * (mirrored(row + i, height) * width + mirrored(column + j, width)) + axis]!;
          weights += w;
        }
      }
      moved[2 * at + axis] = (scale[axis]! * sum) / weights;
    }
  }
  return moved;
}
