import type { Dataset } from '../data/dataset.ts';
import { type Gradient, meanGradient, squaredNorm } from '../health/gradient_sample.ts';
import { estimateNoise, type NoiseEstimate } from '../health/noise.ts';
import { shuffledOrder } from '../model/initializers.ts';
import { pickSamples } from '../plan/samples.ts';

/** Number of batches for estimating the noise scale and for the cosines. */
const sampleBatches = 8;

/** Training images that stay the same during a run and differ with every seed. Whole batches if there are enough images. */
export function takeSample(train: Dataset, seed: number, batchSize: number): Dataset {
  const batches = Math.max(1, Math.min(sampleBatches, Math.floor(train.count / batchSize)));
  const count = Math.min(train.count, batches * batchSize);
  // Epochs of training are counted from 1, so the order of epoch 0 is not one that training uses.
  return pickSamples(train, shuffledOrder(train.count, seed, 0).subarray(0, count));
}

/** Estimates the noise of the gradients of a sample's parts. @param samples total of all parts, which are equally large. */
export function noiseBetween(parts: readonly Gradient[], samples: number): NoiseEstimate {
  return estimateNoise(
    { samples, squares: squaredNorm(meanGradient(parts)) },
    parts.map((part) => ({ samples: samples / parts.length, squares: squaredNorm(part) })),
  );
}
