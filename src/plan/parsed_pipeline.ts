import { type Pipeline, parseAugmentation } from '../augment/pipeline.ts';
import { pipelineFor, pipelineInto } from './input.ts';

/**
 * `pipelineFor` and `pipelineInto` for whoever has the code of augmentations from the start, and what a generator fills in of
 * arguments that are left out.
 */
export const parsedFor = (augmentation: unknown, imageShape: readonly number[]): Pipeline =>
  pipelineFor(augmentation, imageShape, undefined, parseAugmentation);

export const parsedInto = (augmentation: unknown, inputShape: readonly number[]): Pipeline =>
  pipelineInto(augmentation, inputShape, parseAugmentation);
