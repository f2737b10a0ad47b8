import type { Dataset } from '../data/dataset.ts';
import type { Measured } from '../health/metric.ts';
import { loadAugmentation } from '../plan/load_augmentation.ts';
import type { Engine } from './engine.ts';
import { inferenceInput, inferencePass } from './inference_pass.ts';
import { type FilledTestTimeAugmentation, requireOwnLabels, viewOf } from './test_time_augmentation.ts';

/**
 * The mean predictions over augmented samples of each image, as probabilities or numbers. Sample i of an image is the one that training
 * would use in epoch i, so the same seed gives the same result.
 *
 * @returns the predictions [n, outputs] and, if there is only one sample per image, the loss and metric from the network's own
 * kernel.
 * @throws ConfigurationError for an augmentation that mixes images, or images that don't fit the model.
 */
export async function augmentedPredictions(
  engine: Engine,
  dataset: Dataset,
  given: FilledTestTimeAugmentation,
): Promise<{ predictions: Float32Array; figures?: Measured & { loss: number } }> {
  const { inputView, settings, scheduler } = engine;
  const { samples } = given;
  const view = viewOf(inputView, given);
  await loadAugmentation(view.augmentation);
  requireOwnLabels(view, dataset);
  const { count } = dataset;
  const { outputs } = settings;
  const sums = new Float64Array(count * outputs);
  const input = await inferenceInput(engine, dataset, view);
  let figures: (Measured & { loss: number }) | undefined;
  try {
    for (let sample = 1; sample <= samples; sample++) {
      const order = input.orderOf(sample, false);
      const ofSample = await inferencePass(engine, input, count, {
        order,
        epoch: sample,
        onProbabilities: (predicted, first) => {
          for (const [i, value] of predicted.entries()) {
            sums[order[first + Math.floor(i / outputs)]! * outputs + (i % outputs)]! += value;
          }
        },
      });
      if (samples === 1) figures = ofSample;
    }
  } finally {
    await scheduler.abandon();
    input.dispose();
  }
  return { predictions: Float32Array.from(sums, (sum) => sum / samples), ...(figures && { figures }) };
}
