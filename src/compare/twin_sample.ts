import type { Dataset } from '../data/dataset.ts';
import { type Gradient, meanGradient, squaredNorm } from '../health/gradient_sample.ts';
import { estimateNoise, type NoiseEstimate } from '../health/noise.ts';
import { shuffledOrder } from '../model/initializers.ts';
import { pickSamples } from '../plan/samples.ts';

/** Batches that the noise scale is estimated from, and that cosines are taken on. */
const sampleBatches = 8;

/** Training images that stay the same over a run; other ones with every seed. Whole batches where there are enough. */
export function takeSample(train: Dataset, seed: number, batchSize: number): Dataset {
  const batches = Math.max(1, Math.min(sampleBatches, Math.floor(train.count / batchSize)));
  const count = Math.min(train.count, batches * batchSize);
  // Epochs of training are counted from 1.
  return pickSamples(train, shuffledOrder(train.count, seed, 0).subarray(0, count));
}

/** How the gradients on parts of a sample differ. @param samples of all parts, which have as many each. */
export function noiseBetween(parts: readonly Gradient[], samples: number): NoiseEstimate {
  return estimateNoise(
    { samples, squares: squaredNorm(meanGradient(parts)) },
    parts.map((part) => ({ samples: samples / parts.length, squares: squaredNorm(part) })),
  );
}
