import type { Picture, Sampling as SamplingOf } from '../augment/op.ts';
import type { ImageDataGeneratorParameters } from '../augment/parameters.ts';

type Numbers = ArrayLike<number>;

export type { Picture };
export type Compat = 'corrected' | 'keras';

/** The options that the sampling and geometry of ImageDataGenerator need. */
export interface Sampling extends SamplingOf {
  compat: Compat;
  rescale: number;
}

/** Parameters under Keras' names, without their matrices. */
export type KerasParameters = Omit<ImageDataGeneratorParameters, 'matrix' | 'inverse'>;

export const identityParameters: KerasParameters = {
  theta: 0,
  tx: 0,
  ty: 0,
  shear: 0,
  zx: 1,
  zy: 1,
  flipHorizontal: false,
  flipVertical: false,
};

/** Matrix, row by row, from an output pixel (row, column, 1) to its sampling position (row, column). */
export type Matrix = readonly [readonly number[], readonly number[], readonly number[]];

const multiply = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => [0, 1, 2].map((j) => row[0]! * b[0][j]! + row[1]! * b[1][j]! + row[2]! * b[2][j]!)) as never;

/**
 * C R T S Z C^-1, multiplied out as in Keras (apply_affine_transform in keras/src/legacy/preprocessing/image.py), without flips.
 * Keras builds it for (x, y) and then exchanges the axes, but not the center and the shifts; `keras` reproduces that. `corrected`
 * takes each from its own axis.
 */
export function affineMatrix(p: KerasParameters, { height, width }: Picture, compat: Compat): Matrix {
  const [theta, shear] = [(p.theta * Math.PI) / 180, (p.shear * Math.PI) / 180];
  const [alongX, alongY] = compat === 'keras' ? [p.tx, p.ty] : [p.ty, p.tx];
  const [x, y] = compat === 'keras' ? [height / 2 - 0.5, width / 2 - 0.5] : [width / 2 - 0.5, height / 2 - 0.5];
  const m = (
    [
      [
        [1, 0, x],
        [0, 1, y],
        [0, 0, 1],
      ],
      [
        [Math.cos(theta), -Math.sin(theta), 0],
        [Math.sin(theta), Math.cos(theta), 0],
        [0, 0, 1],
      ],
      [
        [1, 0, alongX],
        [0, 1, alongY],
        [0, 0, 1],
      ],
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
      [
        [1, 0, -x],
        [0, 1, -y],
        [0, 0, 1],
      ],
    ] as Matrix[]
  ).reduce(multiply);
  const exchange: Matrix = [
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, 1],
  ];
  return multiply(multiply(exchange, m), exchange);
}

/** Maps coordinate v to an axis of length n; undefined if it is outside (scipy/ndimage/src/ni_interpolation.c, map_coordinate). */
export function fold(v: number, n: number, mode: SamplingOf['fillMode']): number | undefined {
  if (mode === 'gridConstant') return v;
  if (mode === 'constant') return v < 0 || v > n - 1 ? undefined : v;
  if (mode === 'nearest' || n === 1) return Math.min(Math.max(v, 0), n - 1);
  if (mode === 'reflect') {
    const u = v + 0.5 - 2 * n * Math.floor((v + 0.5) / (2 * n));
    return (u > n ? 2 * n - u : u) - 0.5;
  }
  const period = n - 1;
  if (mode === 'mirror') {
    const u = v - 2 * period * Math.floor(v / (2 * period));
    return u > period ? 2 * period - u : u;
  }
  if (v < 0) return v + period * (Math.floor(-v / period) + 1);
  return v > period ? v - period * Math.floor(v / period) : v;
}

/** Samples channel c of an image at (row, column), with order 0 or 1; `cval` outside. */
export function sampleAt(
  image: Numbers,
  { height, width, channels }: Picture,
  row: number,
  column: number,
  c: number,
  { fillMode, cval, interpolationOrder }: SamplingOf,
): number {
  const pixel = (row: number, column: number) => {
    const inside = (at: number, n: number) => Math.min(Math.max(at, 0), n - 1);
    const beyond = inside(row, height) !== row || inside(column, width) !== column;
    if (beyond && fillMode === 'gridConstant') return cval;
    return image[(inside(row, height) * width + inside(column, width)) * channels + c]!;
  };
  const [down, right] = [fold(row, height, fillMode), fold(column, width, fillMode)];
  if (down === undefined || right === undefined) return cval;
  if (interpolationOrder === 0) return pixel(Math.floor(down + 0.5), Math.floor(right + 0.5));
  const [i, j] = [Math.floor(down), Math.floor(right)];
  const [a, b] = [down - i, right - j];
  return (
    (1 - a) * ((1 - b) * pixel(i, j) + b * pixel(i, j + 1)) + a * ((1 - b) * pixel(i + 1, j) + b * pixel(i + 1, j + 1))
  );
}

/** y[row,column,c] = image at matrix (row, column, 1), with order 0 or 1; `cval` outside. */
export function sampleImage(image: Numbers, s: Picture, matrix: Matrix, sampling: SamplingOf): Float64Array {
  const { height, width, channels } = s;
  return Float64Array.from({ length: height * width * channels }, (_, at) => {
    const column = Math.floor(at / channels) % width;
    const row = Math.floor(at / channels / width);
    const [v, h] = matrix.map((m) => m[0]! * row + m[1]! * column + m[2]!) as [number, number];
    return sampleAt(image, s, v, h, at % channels, sampling);
  });
}

/** Flips an image, pixel by pixel. */
export function flipImage(image: Numbers, s: Picture, horizontal: boolean, vertical: boolean): Float64Array {
  return Float64Array.from({ length: s.height * s.width * s.channels }, (_, at) => {
    const c = at % s.channels;
    const column = Math.floor(at / s.channels) % s.width;
    const row = Math.floor(at / s.channels / s.width);
    const from = (vertical ? s.height - 1 - row : row) * s.width + (horizontal ? s.width - 1 - column : column);
    return image[from * s.channels + c]!;
  });
}

/** Applies the warp, then the flips, then rescale, in Keras' order. */
export function warpImage(image: Numbers, s: Picture, p: KerasParameters, sampling: Sampling): Float64Array {
  const warped = sampleImage(image, s, affineMatrix(p, s, sampling.compat), sampling);
  return flipImage(warped, s, p.flipHorizontal, p.flipVertical).map((value) => value * sampling.rescale);
}

/** x_in = m[0] column + m[1] row + m[2];  y_in = m[3] column + m[4] row + m[5] */
export type Affine = [number, number, number, number, number, number];

/**
 * Map from an output pixel to its sampling position: Keras' R T S Z about the center, in closed form (apply_affine_transform in
 * keras/src/legacy/preprocessing/image.py), with flips after the warp. `keras` reproduces its two bugs: the coordinates of the
 * center are exchanged, and the height's shift moves along x.
 */
export function composeAffine(p: KerasParameters, height: number, width: number, compat: Compat): Affine {
  const [cosine, sine] = turn(p.theta);
  const [shearedCosine, shearedSine] = turn(p.theta + p.shear);
  const [alongX, alongY] = compat === 'keras' ? [p.tx, p.ty] : [p.ty, p.tx];
  const { x, y } = centre(height, width, compat);
  let [a, b, c] = [p.zx * cosine, -p.zy * shearedSine, 0];
  let [d, e, f] = [p.zx * sine, p.zy * shearedCosine, 0];
  c = x + alongX * cosine - alongY * sine - a * x - b * y;
  f = y + alongX * sine + alongY * cosine - d * x - e * y;
  if (p.flipHorizontal) [a, c, d, f] = [-a, c + a * (width - 1), -d, f + d * (width - 1)];
  if (p.flipVertical) [b, c, e, f] = [-b, c + b * (height - 1), -e, f + e * (height - 1)];
  return [a, b, c, d, e, f];
}

/** The fixed point of a warp without shifts. */
function centre(height: number, width: number, compat: Compat): { x: number; y: number } {
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  return compat === 'keras' ? { x: y, y: x } : { x, y };
}

/** Cosine and sine of an angle in degrees, exact at quarter turns. */
function turn(degrees: number): [number, number] {
  const quarters = Math.round(degrees / 90);
  const rest = ((degrees - 90 * quarters) * Math.PI) / 180;
  const [c, s] = [Math.cos(rest), Math.sin(rest)];
  return (
    [
      [c, s],
      [-s, c],
      [-c, -s],
      [s, -c],
    ] as [number, number][]
  )[((quarters % 4) + 4) % 4]!;
}
