import { type Drafter, draftBatch } from '../augment/batch.ts';
import { type FeatureStatistics, type FilledGenerator, needsStatistics } from '../augment/image_data_generator.ts';
import { isCategorical } from '../model/loss.ts';
import { product } from '../product.ts';
import { sourceOf } from './batch_source.ts';
import { checkImageShape } from './check_images.ts';
import { isSoft } from './input.ts';
import { pipelineFor } from './pipeline_for.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { Settings } from './settings.ts';
import type { StepPlan } from './steps.ts';

/** The facts about a data set, other than its images, that determine the plan of a step. */
export interface DatasetFacts {
  imageShape: readonly [number, number, number];
  /** Number of images. */
  count: number;
}

/** How a batch is produced, as data. */
export interface InputPlan {
  dispatches: PlannedDispatch[];
  /** True if the loss uses soft labels. */
  soft: boolean;
  /** How often the augmentation reads and writes the images of a batch. */
  passes: number;
}

/**
 * Plans how the batches of a data set are produced, with the code that `planInput` uses on a GPU.
 *
 * @throws ConfigurationError for images that don't fit the model, or buffers that the device can't bind.
 */
export function planInputData(
  planner: Planner,
  { imageShape, count }: DatasetFacts,
  { model, outputs, loss, batchSize, inputView }: Settings,
  { training, labels, targets, network }: StepPlan,
): InputPlan {
  const { generator } = pipelineFor(inputView.augmentation, imageShape);
  const statistics = generator && needsStatistics(generator) ? unknownStatistics(generator, imageShape) : undefined;
  const pipeline = pipelineFor(inputView.augmentation, imageShape, inputView.statistics ?? statistics);
  checkImageShape(imageShape, pipeline, model.inputShape);
  const drafter: Drafter<BufferRef, PlannedDispatch> = {
    memory: {
      storage: (label, elements) => planner.buffer('input', label, elements),
      upload: (label, data) => planner.buffer('input', label, Math.ceil(data.byteLength / 4), data),
    },
    dispatch: (kernel, shape, buffers) => planner.dispatch(kernel, shape, buffers),
  };
  const bytes = count * product(imageShape);
  const data = {
    images: drafter.memory.storage('dataset.images', Math.ceil(bytes / 4)),
    labels: drafter.memory.storage('dataset.labels', Math.ceil(count / 4)),
    ...(!isCategorical(loss) && { targets: drafter.memory.storage('dataset.targets', count * outputs) }),
    count,
  };
  const buffers = { state: training.state, labels, ...(targets && { targets }), input: network.input };
  const source = sourceOf(drafter, data, outputs, pipeline, inputView, batchSize, buffers);
  const { dispatches, passes } = draftBatch(drafter, pipeline, source);
  return { dispatches, soft: isSoft({ loss, outputs }, source), passes: passes.length };
}

/** Placeholder statistics: the plan depends on which statistics there are, not on their values. */
function unknownStatistics({ zcaWhitening }: FilledGenerator, imageShape: readonly number[]): FeatureStatistics {
  const channels = imageShape[2]!;
  const features = product(imageShape);
  return {
    mean: new Array<number>(channels).fill(0.5),
    std: new Array<number>(channels).fill(0.25),
    ...(zcaWhitening && { zca: new Float32Array(features * features) }),
  };
}
