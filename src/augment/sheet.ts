import { integer, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import { elementsOf, isAlways, type Picture, type PixelStep } from './op.ts';
import { definitions } from './ops/index.ts';
import type { AugmentationConfig, OpConfig, Pipeline } from './pipeline.ts';

/** Options of `Augmenter.sheet`. */
export interface SheetOptions {
  /** The images' indices in their data set, which their draws depend on; 0, 1, 2 ... by default. */
  samples?: ArrayLike<number>;
  /** Augmented samples of each original; 8 by default. Draw k is that of epoch `epoch + k`. */
  draws?: number;
  /** The first epoch that is drawn for; 1 by default, as the trainer counts. */
  epoch?: number;
  /** Pixels of the sheet to a side of one of an image; by default such that a cell has at least 64. */
  magnification?: number;
}

/** A picture for people: rows of RGBA bytes, as `ImageData` has them. */
export interface Sheet {
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** RGBA, row after row: the `data` of an ImageData. */
  data: Uint8ClampedArray<ArrayBuffer>;
  /** Where the cells are: their size without the gap around them, and the gap, in pixels. */
  cell: { width: number; height: number; gap: number };
  /** Number of images down: one for each original. */
  rows: number;
  /** Number of images across: the original, then its augmented samples. */
  columns: number;
}

const gap = 4;
const paper = 255;
/** A cell is at least so wide or high, so that the pixels of a digit can be seen. */
const leastCell = 64;

export interface Cells {
  originals: ArrayLike<number>;
  from: Picture;
  /** For each draw, all images. */
  drawn: readonly ArrayLike<number>[];
  to: Picture;
}

/** Lays the originals out on the left and their augmented samples to the right, a row per image. */
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
      // A smaller one stands in the middle of its cell.
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

/** RGBA of a pixel: red, green and blue of the first three channels, grey of a single one or of the mean of two. */
function colorOf({ width, channels }: Picture, images: ArrayLike<number>, first: number) {
  return (x: number, y: number): number[] => {
    const at = first + (y * width + x) * channels;
    if (channels >= 3) return [images[at]!, images[at + 1]!, images[at + 2]!, 255];
    const grey = (images[at]! + images[at + channels - 1]!) / 2;
    return [grey, grey, grey, 255];
  };
}

/**
 * The output of a pipeline, as grey levels again. A mere `rescale` is undone; whatever is standardised has no grey levels,
 * and each image is stretched from its least to its most, as Keras' `save_to_dir` does it.
 */
export function toGreyLevels(pipeline: Pipeline, values: Float32Array): Float32Array {
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

/** Whether what comes out has no grey levels of its own. */
export const isStretched = (pipeline: Pipeline): boolean =>
  decodingOps(pipeline).some(({ type }) => type !== 'rescale');

/** One of the things that an augmentation does, alone and always applied. */
export interface SingleAugmentation {
  /** A heading for the part of the sheet. */
  title: string;
  /** The augmentation with this op alone, always applied. */
  augmentation: AugmentationConfig;
}

const hasProbability = (type: string): boolean => {
  const schema = definitions.get(type)?.schema;
  return schema !== undefined && 'entries' in schema && 'p' in (schema.entries as object);
};

/** Arguments of ImageDataGenerator that set how other arguments work. */
const manner = ['fillMode', 'cval', 'interpolationOrder', 'rescale', 'compat'];

/** An augmentation taken apart: a list op by op, ImageDataGenerator's arguments one by one. */
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

/** @throws ConfigurationError for draws, an epoch or a magnification that are invalid. */
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
