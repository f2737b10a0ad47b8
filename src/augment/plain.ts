import { furtherAugmentation } from './loaded.ts';
import type { Picture } from './op.ts';
import { rescaleOp } from './ops/rescale.ts';
import type { Pipeline, parseAugmentation } from './pipeline.ts';

/**
 * Augmentations that change nothing but the scale of the numbers, and the way to all others. An app without augmentation does
 * without the code of the ops and of ImageDataGenerator, which is a third of all there is: it is fetched by whoever needs it.
 */

/** The factor of an augmentation that is none, or a `rescale` alone; undefined for all others, invalid ones too. */
function plainFactor(config: unknown, rescale: number): number | undefined {
  if (config === undefined || config === null) return rescale;
  if (Array.isArray(config)) return config.length === 0 ? rescale : undefined;
  if (typeof config !== 'object' || Object.keys(config).some((name) => name !== 'rescale')) return undefined;
  const { rescale: own = rescale } = config as { rescale?: unknown };
  return Number.isFinite(own) ? (own as number) : undefined;
}

/** Whether an augmentation does without the code of the ops. */
export const isPlain = (config: unknown): boolean => plainFactor(config, 1) !== undefined;

/** Whether all that is left of a pipeline is a scale. */
export const isPlainPipeline = ({ ops }: Pipeline): boolean => ops.every(({ type }) => type === 'rescale');

/** `parseAugmentation`, for what is plain and for what `loadAugmentation` was awaited for. */
export const parseLoaded: typeof parseAugmentation = (config, imageShape, options = {}) => {
  const factor = plainFactor(config, options.rescale ?? 1);
  if (factor !== undefined) return plainPipeline(imageShape, factor);
  return furtherAugmentation().parseAugmentation(config, imageShape, options);
};

/** What a generator without arguments does: multiply. Nothing is drawn. */
function plainPipeline([height, width, channels]: readonly number[], factor: number): Pipeline {
  const picture = { height, width, channels } as Picture;
  const ops = factor === 1 ? [] : [{ ...rescaleOp(factor), from: picture, to: picture, at: 0, purpose: 0 }];
  return { ops, from: picture, to: picture, words: 0, paired: false };
}
