import type { Picture } from '../augment/op.ts';
import type { Fields } from './augment_color.ts';
import { philox } from './random.ts';

/** Ops on neighborhoods, noise and rectangles for a whole image of gray levels, as plain loops in float64. */

type Numbers = ArrayLike<number>;
type Image = Float64Array<ArrayBuffer>;
interface Place {
  row: number;
  column: number;
  channel: number;
}

const clip = (value: number) => Math.min(Math.max(value, 0), 255);

function each(image: Numbers, { width, channels }: Picture, f: (value: number, place: Place) => number): Image {
  return Float64Array.from(image, (value, at) => {
    const pixel = Math.floor(at / channels);
    return f(value, { row: Math.floor(pixel / width), column: pixel % width, channel: at % channels });
  });
}

/** Mirrors a coordinate at the outermost pixel, which is not repeated. */
function mirrored(v: number, n: number): number {
  if (v < 0) return -v;
  return v >= n ? 2 * (n - 1) - v : v;
}

/** torchvision's gaussian_blur: a normalized kernel of the given width and height on the image mirrored at its border. */
export function gaussianBlur(image: Numbers, s: Picture, sigma: number, kernelSize: readonly [number, number]): Image {
  const [across, down] = kernelSize.map((size) => {
    const weights = Array.from({ length: size }, (_, i) => Math.exp(-(((i - (size - 1) / 2) / sigma) ** 2) / 2));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  }) as [number[], number[]];
  return each(image, s, (_, { row, column, channel }) => {
    let sum = 0;
    down.forEach((v, j) => {
      across.forEach((h, i) => {
        const y = mirrored(row + j - (down.length - 1) / 2, s.height);
        const x = mirrored(column + i - (across.length - 1) / 2, s.width);
        sum += v * h * image[(y * s.width + x) * s.channels + channel]!;
      });
    });
    return sum;
  });
}

/** The random numbers in (0, 1) of a pixel: up to four channels share one Philox block; with more, each channel uses its own. */
function noiseOf(s: Picture, image: number, purpose: number, { row, column, channel }: Place): [number, number] {
  const planar = s.channels > 4;
  const words = philox([row * s.width + column, planar ? channel : 0, 0, 0], [image, purpose]);
  const numbers = words.map((word) => ((word >>> 9) + 0.5) / 2 ** 23);
  return [numbers[planar ? 0 : channel]!, numbers[1]!];
}

/** Quantile function of the standard normal distribution, with the polynomials for erfinv in float32 by Giles (2010). */
export function normal(u: number): number {
  const horner = (x: number, coefficients: readonly number[]) => coefficients.reduce((p, c) => p * x + c, 0);
  const w = -Math.log(4 * u * (1 - u));
  const p =
    w < 5
      ? horner(
          w - 2.5,
          [
            2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
            0.246640727, 1.50140941,
          ],
        )
      : horner(
          Math.sqrt(w) - 3,
          [
            -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
            1.00167406, 2.83297682,
          ],
        );
  return Math.SQRT2 * (2 * u - 1) * p;
}

export function gaussianNoise(
  image: Numbers,
  s: Picture,
  { mean = 0, sigma = 0, noise = 0 }: Fields,
  clipped: boolean,
): Image {
  return each(image, s, (value, place) => {
    const z = normal(noiseOf(s, Number(noise), 49, place)[0]);
    const noisy = value + 255 * (Number(mean) + Number(sigma) * z);
    return clipped ? clip(noisy) : noisy;
  });
}

/** Compares in float32 on both sides, so that which pixels are changed is exact. */
export function saltAndPepper(
  image: Numbers,
  s: Picture,
  { amount = 0, saltVsPepper = 0.5, noise = 0 }: Fields,
): Image {
  return each(image, s, (value, place) => {
    const [hit, kind] = noiseOf({ ...s, channels: 1 }, Number(noise), 50, { ...place, channel: 0 });
    if (hit >= Math.fround(Number(amount))) return value;
    return kind < Math.fround(Number(saltVsPepper)) ? 255 : 0;
  });
}

export type Value = number | readonly number[] | 'random';

const levelOf = (value: number | readonly number[], channel: number) =>
  typeof value === 'number' ? value : value[value.length === 1 ? 0 : channel]!;

export function erase(image: Numbers, s: Picture, fields: Fields, value: Value): Image {
  const [top, left, height, width, noise] = ['top', 'left', 'height', 'width', 'noise'].map((name) =>
    Number(fields[name] ?? 0),
  );
  return each(image, s, (x, place) => {
    const { row, column, channel } = place;
    if (row < top! || row >= top! + height! || column < left! || column >= left! + width!) return x;
    return value === 'random' ? 255 * noiseOf(s, noise!, 51, place)[0] : levelOf(value, channel);
  });
}

/** Keeps stripes of rows and of columns, and sets pixels in neither to `value`, following the authors' code. */
export function gridMask(image: Numbers, s: Picture, fields: Fields, value: number | readonly number[]): Image {
  const [d, kept, offsetX, offsetY] = ['d', 'kept', 'offsetX', 'offsetY'].map((name) => Number(fields[name]));
  const striped = (length: number, offset: number) => {
    const stripes = new Array<boolean>(length).fill(false);
    for (let from = offset - d!; from < length; from += d!)
      stripes.fill(true, Math.max(0, from), Math.max(0, from + kept!));
    return stripes;
  };
  const [rows, columns] = [striped(s.height, offsetY!), striped(s.width, offsetX!)];
  return each(image, s, (x, { row, column, channel }) => (rows[row] || columns[column] ? x : levelOf(value, channel)));
}

/** The fixed options of an op, as in JSON. */
export interface PixelOptions {
  kernelSize?: number | readonly [number, number];
  clip?: boolean;
  value?: Value;
}

/** Every op of this file by type, with its sampled parameters and its options as in JSON. */
export const pixelOps: Record<string, (image: Numbers, s: Picture, fields: Fields, options: PixelOptions) => Image> = {
  gaussianBlur: (image, s, { sigma }, { kernelSize = 1 }) =>
    gaussianBlur(image, s, Number(sigma), typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize),
  gaussianNoise: (image, s, fields, { clip = true }) => gaussianNoise(image, s, fields, clip),
  saltAndPepper,
  randomErasing: (image, s, fields, { value = 0 }) => erase(image, s, fields, value),
  cutout: (image, s, fields, { value = 0 }) => erase(image, s, fields, value),
  gridMask: (image, s, fields, { value = 0 }) => gridMask(image, s, fields, value as number | readonly number[]),
};
