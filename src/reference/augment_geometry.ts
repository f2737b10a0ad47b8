import type { Picture, Sampling } from '../augment/op.ts';
import { sampleAt } from './augment.ts';
import { type DrawKey, unit } from './draws.ts';

type Numbers = ArrayLike<number>;
type Size = { height: number; width: number };

/** Where pixel (column, row) of what an op gives is sampled in what it gets: (x, y). */
export type Where = (column: number, row: number) => readonly [x: number, y: number];

/** y[row, column] = image at where(column, row). */
export function warp(image: Numbers, from: Picture, to: Size, where: Where, sampling: Sampling): Float64Array {
  const { channels } = from;
  return Float64Array.from({ length: to.height * to.width * channels }, (_, at) => {
    const [x, y] = where(Math.floor(at / channels) % to.width, Math.floor(at / channels / to.width));
    return sampleAt(image, from, y, x, at % channels, sampling);
  });
}

/** Whole pixels from (left, top) on; beyond the image what the fill mode says. */
export function cropImage(image: Numbers, from: Picture, crop: CropParameters, to: Size, sampling: Sampling) {
  return warp(image, from, to, (column, row) => [crop.left + column, crop.top + row], sampling);
}

export interface CropParameters {
  top: number;
  left: number;
}

export interface ResizedCropParameters extends CropParameters, Size {}

/** torchvision's functional resized_crop: first the part, then its pixels as wide as they must be (align_corners=False). */
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

/** Python's round(). */
function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** torchvision's RandomResizedCrop.get_params, line by line; purposes from `purpose` on as random_resized_crop_draw.wgsl. */
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
