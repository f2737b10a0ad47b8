import { type Pipeline, parseAugmentation } from '../augment/pipeline.ts';
import { pipelineFor, pipelineInto } from './pipeline_for.ts';

/**
 * `pipelineFor` and `pipelineInto` for callers that import the augmentation code statically. Their pipelines also contain the
 * generator with its defaults filled in.
 */
export const parsedFor = (augmentation: unknown, imageShape: readonly number[]): Pipeline =>
  pipelineFor(augmentation, imageShape, undefined, parseAugmentation);

export const parsedInto = (augmentation: unknown, inputShape: readonly number[]): Pipeline =>
  pipelineInto(augmentation, inputShape, parseAugmentation);
