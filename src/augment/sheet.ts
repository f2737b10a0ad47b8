import { integer, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import { elementsOf, isAlways, type Picture, type PixelStep } from './op.ts';
import { definitions } from './ops/index.ts';
import type { AugmentationConfig, OpConfig, Pipeline } from './pipeline.ts';

/** Options of `Augmenter.sheet`. */
export interface SheetOptions {
  /** Indices of the images in their data set, on which the sampled parameters depend. Default: 0, 1, 2 ... */
  samples?: ArrayLike<number>;
  /** Augmented samples per original. Sample k uses the parameters of epoch `epoch + k`. Default 8. */
  draws?: number;
  /** First epoch to sample, counted from 1 as in the trainer. Default 1. */
  epoch?: number;
  /**
   * Side length of an image pixel on the sheet, in pixels. Default: the smallest for which a cell has at least 64 pixels per side.
   */
  magnification?: number;
}

/** A picture for display: rows of RGBA bytes, in the layout of `ImageData`. */
export interface Sheet {
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** RGBA bytes, row by row: the `data` of an ImageData. */
  data: Uint8ClampedArray<ArrayBuffer>;
  /** Layout of the cells in pixels: their size without the gap, and the gap between them. */
  cell: { width: number; height: number; gap: number };
  /** Number of rows: one per original. */
  rows: number;
  /** Number of columns: the original and its augmented samples. */
  columns: number;
}

const gap = 4;
const paper = 255;
/** Minimum width and height of a cell in pixels, so that the pixels of a digit are visible. */
const leastCell = 64;

export interface Cells {
  originals: ArrayLike<number>;
  from: Picture;
  /** For each sample, all images. */
  drawn: readonly ArrayLike<number>[];
  to: Picture;
}

/** Lays out the originals on the left and their augmented samples to the right, one row per image. */
export function layOut({ originals, from, drawn, to }: Cells, magnification?: number): Sheet {
  const rows = originals.length / elementsOf(from);
  const columns = 1 + drawn.length;
  const [wide, high] = [Math.max(from.width, to.width), Math.max(from.height, to.height)];
  const times = magnification ?? Math.max(1, Math.ceil(leastCell / Math.max(wide, high)));
  const cell = { width: wide * times, height: high * times, gap };
  const width = columns * (cell.width + gap) + gap;
  const height = rows * (cell.height + gap) + gap;
  const data = new Uint8ClampedArray(width * height * 4).fill(paper);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const picture = column === 0 ? from : to;
      const images = column === 0 ? originals : drawn[column - 1]!;
      // A smaller image is centered in its cell.
      const left = gap + column * (cell.width + gap) + (times * (wide - picture.width)) / 2;
      const top = gap + row * (cell.height + gap) + (times * (high - picture.height)) / 2;
      const paint = colorOf(picture, images, row * elementsOf(picture));
      for (let y = 0; y < picture.height * times; y++) {
        for (let x = 0; x < picture.width * times; x++) {
          const at = ((Math.floor(top) + y) * width + Math.floor(left) + x) * 4;
          data.set(paint(Math.floor(x / times), Math.floor(y / times)), at);
        }
      }
    }
  }
  return { width, height, data, cell, rows, columns };
}

/** RGB color of a pixel: its first three channels, or gray from a single channel or from the mean of two. */
function colorOf({ width, channels }: Picture, images: ArrayLike<number>, first: number) {
  return (x: number, y: number): number[] => {
    const at = first + (y * width + x) * channels;
    if (channels >= 3) return [images[at]!, images[at + 1]!, images[at + 2]!, 255];
    const gray = (images[at]! + images[at + channels - 1]!) / 2;
    return [gray, gray, gray, 255];
  };
}

/**
 * Converts the output of a pipeline back to gray levels. A plain `rescale` is undone. Standardized images have no gray levels, so
 * each image is stretched from its minimum to its maximum, as Keras' `save_to_dir` does.
 */
export function toGrayLevels(pipeline: Pipeline, values: Float32Array): Float32Array {
  if (!isStretched(pipeline)) {
    const factor = decodingOps(pipeline).reduce(
      (product, { steps: [step] }) => product * Number((step as PixelStep).args![0]),
      1,
    );
    return values.map((value) => value / factor);
  }
  const elements = elementsOf(pipeline.to);
  const stretched = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += elements) {
    const image = values.subarray(at, at + elements);
    const least = image.reduce((a, b) => Math.min(a, b));
    const most = image.reduce((a, b) => Math.max(a, b));
    stretched.set(
      image.map((value) => (255 * (value - least)) / (most - least || 1)),
      at,
    );
  }
  return stretched;
}

const decodingOps = ({ ops }: Pipeline) => ops.filter(({ steps }) => steps.some(isAlways));

/** Whether the pipeline's output has no gray levels and has to be stretched for display. */
export const isStretched = (pipeline: Pipeline): boolean =>
  decodingOps(pipeline).some(({ type }) => type !== 'rescale');

/** A single effect of an augmentation, always applied. */
export interface SingleAugmentation {
  /** Heading of this part of the sheet. */
  title: string;
  /** The augmentation with only this op, always applied. */
  augmentation: AugmentationConfig;
}

const hasProbability = (type: string): boolean => {
  const schema = definitions.get(type)?.schema;
  return schema !== undefined && 'entries' in schema && 'p' in (schema.entries as object);
};

/** Arguments of ImageDataGenerator that only modify how other arguments work. */
const manner = ['fillMode', 'cval', 'interpolationOrder', 'rescale', 'compat'];

/** Splits an augmentation into single effects: the ops of a list, or the arguments of an ImageDataGenerator. */
export function takeApart(augmentation: AugmentationConfig): SingleAugmentation[] {
  if (Array.isArray(augmentation)) {
    return augmentation.map((op: OpConfig) => ({
      title: op.type,
      augmentation: [hasProbability(op.type) ? { ...op, p: 1 } : op],
    }));
  }
  const entries = Object.entries(augmentation);
  const how = Object.fromEntries(entries.filter(([name]) => manner.includes(name)));
  return entries
    .filter(([name, value]) => !manner.includes(name) && value)
    .map(([title, value]) => ({ title, augmentation: { ...how, [title]: value } }));
}

/** @throws ConfigurationError if the number of samples, the epoch or the magnification is invalid. */
export function fillSheetOptions(options: SheetOptions, images: number) {
  const { samples = Array.from({ length: images }, (_, i) => i) } = options;
  if (samples.length !== images) {
    throw new ConfigurationError({
      what: 'A sheet needs an index for each image',
      found: `${samples.length} samples for ${images} images`,
    });
  }
  return {
    samples,
    draws: parse(integer(1, 100), options.draws ?? 8, 'draws'),
    epoch: parse(integer(0, 2 ** 31), options.epoch ?? 1, 'epoch'),
    ...(options.magnification !== undefined && {
      magnification: parse(integer(1, 64), options.magnification, 'magnification'),
    }),
  };
}
