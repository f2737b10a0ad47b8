import type { FeatureStatistics } from '../augment/image_data_generator.ts';
import { mostPixels } from '../augment/op.ts';
import type { Pipeline } from '../augment/pipeline.ts';
import { parseLoaded } from '../augment/plain.ts';

/** Default of `rescale`, which maps bytes to 0..1. */
const rescale = 1 / 255;

/**
 * The trainer's augmentation for images of a shape; it maps bytes to numbers from 0 to 1.
 *
 * @param parse parses the configuration; by default the parser that has been loaded.
 */
export function pipelineFor(
  augmentation: unknown,
  imageShape: readonly number[],
  statistics?: FeatureStatistics,
  parse = parseLoaded,
): Pipeline {
  return parse(augmentation ?? {}, imageShape, { rescale, ...(statistics && { statistics }) });
}

/**
 * An augmentation whose output must have the model's input shape, for when the data set is not known yet. Without a crop, its
 * input has that shape too; with a crop, images may have any size.
 *
 * @param parse parses the configuration; by default the parser that has been loaded.
 */
export function pipelineInto(augmentation: unknown, inputShape: readonly number[], parse = parseLoaded): Pipeline {
  if (Array.isArray(augmentation)) {
    const pipeline = pipelineFor(augmentation, [mostPixels, mostPixels, inputShape[2]!], undefined, parse);
    const { from, to } = pipeline;
    if (from.height !== to.height || from.width !== to.width) return pipeline;
  }
  return pipelineFor(augmentation, inputShape, undefined, parse);
}
