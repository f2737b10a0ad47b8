import { furtherAugmentation } from './loaded.ts';
import type { Picture } from './op.ts';
import { rescaleOp } from './ops/rescale.ts';
import type { Pipeline, parseAugmentation } from './pipeline.ts';

/**
 * Augmentations that only scale values, and access to all others. The code of the ops and of ImageDataGenerator is a third of the
 * library; an app without augmentation never loads it.
 */

/** The factor of an empty augmentation or of `rescale` alone; undefined for all others, including invalid ones. */
function plainFactor(config: unknown, rescale: number): number | undefined {
  if (config === undefined || config === null) return rescale;
  if (Array.isArray(config)) return config.length === 0 ? rescale : undefined;
  if (typeof config !== 'object' || Object.keys(config).some((name) => name !== 'rescale')) return undefined;
  const { rescale: own = rescale } = config as { rescale?: unknown };
  return Number.isFinite(own) ? (own as number) : undefined;
}

/** Whether an augmentation can run without the code of the ops. */
export const isPlain = (config: unknown): boolean => plainFactor(config, 1) !== undefined;

/** Whether a pipeline only scales values. */
export const isPlainPipeline = ({ ops }: Pipeline): boolean => ops.every(({ type }) => type === 'rescale');

/** `parseAugmentation` for plain augmentations and, once `loadAugmentation` is done, for all others. */
export const parseLoaded: typeof parseAugmentation = (config, imageShape, options = {}) => {
  const factor = plainFactor(config, options.rescale ?? 1);
  if (factor !== undefined) return plainPipeline(imageShape, factor);
  return furtherAugmentation().parseAugmentation(config, imageShape, options);
};

/** The pipeline of a generator whose only argument is `rescale`: it multiplies and samples nothing. */
function plainPipeline([height, width, channels]: readonly number[], factor: number): Pipeline {
  const picture = { height, width, channels } as Picture;
  const ops = factor === 1 ? [] : [{ ...rescaleOp(factor), from: picture, to: picture, at: 0, purpose: 0 }];
  return { ops, from: picture, to: picture, words: 0, paired: false };
}
