import * as v from 'valibot';
import type { AugmentationConfig } from '../augment/pipeline.ts';
import { integer, parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { type FilledLoss, isCrossEntropy } from '../model/loss.ts';
import { type InputView, pipelineFor } from '../plan/input.ts';
import type { Settings } from '../plan/settings.ts';
import { classesOf } from '../plan/targets.ts';
import type { Engine } from './engine.ts';
import { inferencePass } from './inference_pass.ts';

/** How many augmented samples of each image, and by which augmentation: the trainer's by default, null for none. */
export type TestTimeAugmentation = number | { samples: number; augmentation?: AugmentationConfig | null };

const schema = v.strictObject({
  samples: integer(1, 10_000),
  augmentation: v.optional(
    v.nullable(v.custom<AugmentationConfig>((value) => typeof value === 'object', 'an augmentation')),
  ),
});

export type FilledTestTimeAugmentation = v.InferOutput<typeof schema>;

/** @throws ConfigurationError for a number of samples below 1. */
export const fillTestTimeAugmentation = (value: TestTimeAugmentation): FilledTestTimeAugmentation =>
  parse(schema, typeof value === 'object' ? value : { samples: value }, 'testTimeAugmentation');

/** How a data set is seen: the trainer's augmentation, or the one that is given. */
const viewOf = (inputView: InputView, { augmentation }: FilledTestTimeAugmentation): InputView => ({
  ...inputView,
  ...(augmentation !== undefined && { augmentation: augmentation ?? {} }),
  ...{ plain: false, probability: 1, views: 1 },
});

/**
 * Before anything is computed.
 *
 * @throws ConfigurationError for a loss that is not computed of mean probabilities, and for an augmentation that mixes images.
 */
export function requireTestTimeAugmentationFits(
  { loss, inputView }: Pick<Settings, 'loss' | 'inputView'>,
  dataset: Dataset,
  given: FilledTestTimeAugmentation,
): void {
  requireCrossEntropy(loss, dataset);
  requireOwnLabels(viewOf(inputView, given), dataset);
}

/**
 * The mean probabilities over augmented samples of each image. Sample number i of an image is what training in epoch i would
 * see of it, so the same seed gives the same figures.
 *
 * @returns the probabilities [n, classes], and of a single sample the loss that the network's own kernel computes.
 * @throws ConfigurationError for an augmentation that mixes images, or whose images don't fit the model.
 */
export async function augmentedProbabilities(
  engine: Engine,
  dataset: Dataset,
  given: FilledTestTimeAugmentation,
): Promise<{ probabilities: Float32Array; loss: number }> {
  const { inputView, steps, settings, scheduler } = engine;
  const { samples } = given;
  const view = viewOf(inputView, given);
  requireOwnLabels(view, dataset);
  const { count } = dataset;
  const { outputs: classes } = settings;
  const sums = new Float64Array(count * classes);
  const { sampleWeights } = dataset;
  const weighted = sampleWeights && { weights: sampleWeights, inference: true };
  const input = await engine.input(dataset, view, steps.evaluation, weighted);
  let loss = 0;
  try {
    for (let sample = 1; sample <= samples; sample++) {
      const order = input.orderOf(sample, false);
      const pass = await inferencePass(engine, input, count, {
        order,
        epoch: sample,
        onProbabilities: (probabilities, first) => {
          for (const [i, probability] of probabilities.entries()) {
            sums[order[first + Math.floor(i / classes)]! * classes + (i % classes)]! += probability;
          }
        },
      });
      loss = pass.loss;
    }
  } finally {
    await scheduler.abandon();
    input.dispose();
  }
  const probabilities = Float32Array.from(sums, (sum) => sum / samples);
  return {
    probabilities,
    loss: samples === 1 ? loss : crossEntropy(classesOf(dataset, classes), probabilities, sampleWeights),
  };
}

/** Keras' clipping of probabilities before their logarithm. */
const epsilon = 1e-7;

/** -log of the label's probability times the sample's weight, mean over the samples. */
function crossEntropy(labels: ArrayLike<number>, probabilities: Float32Array, weights?: Float32Array): number {
  const classes = probabilities.length / labels.length;
  let sum = 0;
  for (let n = 0; n < labels.length; n++) {
    sum -=
      (weights?.[n] ?? 1) *
      Math.log(Math.min(1 - epsilon, Math.max(epsilon, probabilities[n * classes + labels[n]!]!)));
  }
  return sum / labels.length;
}

/** @throws ConfigurationError where samples would be mixed with images of other labels. */
function requireOwnLabels({ augmentation, statistics }: InputView, { imageShape }: Dataset): void {
  if (!pipelineFor(augmentation, imageShape, statistics).paired) return;
  throw new ConfigurationError({
    what: 'testTimeAugmentation cannot mix images: what is predicted of a mixture belongs to neither image',
    found: augmentation,
    expected: 'an augmentation of single images',
    fix: 'give another one: testTimeAugmentation: { samples, augmentation }',
  });
}

/** @throws ConfigurationError for a loss that is not computed of mean probabilities. */
function requireCrossEntropy(loss: FilledLoss, { targets }: Dataset): void {
  if (isCrossEntropy(loss) && !targets) return;
  throw new ConfigurationError({
    what: 'evaluate with testTimeAugmentation computes the cross-entropy of labels alone',
    found: targets ? 'a data set with targets' : loss,
    expected: 'labels, and sparseCategoricalCrossentropy or categoricalCrossentropy without options',
    fix: 'leave testTimeAugmentation out, or call predict with it',
  });
}
