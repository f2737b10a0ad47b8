import type { Dataset } from '../data/dataset.ts';
import { classesOf } from '../plan/targets.ts';
import type { Engine } from './engine.ts';
import { inferenceInput, inferencePass } from './inference_pass.ts';
import { type FilledTestTimeAugmentation, requireOwnLabels, viewOf } from './test_time_augmentation.ts';

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
  const { inputView, settings, scheduler } = engine;
  const { samples } = given;
  const view = viewOf(inputView, given);
  requireOwnLabels(view, dataset);
  const { count, sampleWeights } = dataset;
  const { outputs: classes } = settings;
  const sums = new Float64Array(count * classes);
  const input = await inferenceInput(engine, dataset, view);
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
