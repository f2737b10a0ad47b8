import type { Dataset } from '../../../src/data/index.ts';
import type { Model } from '../../../src/model/graph.ts';

/** What every contender starts from. */
export interface Setup {
  adapter: 'software' | 'hardware';
  batchSize: number;
  model: Model;
  learningRate: number;
  /** wgrad draws its weights and its augmentation from it. */
  seed: number;
  /** The weights that wgrad draws from the seed, for the others to start from: Keras' order, layout and shapes. */
  weights: { layer: string; values: Float32Array; shape: number[] }[];
}

/** A library with the network in it, ready to train. */
export interface Contender {
  readonly device: GPUDevice;
  /** Puts the batches of a data set where the library likes them best. Not timed once the first step is done. */
  load(dataset: Dataset): Promise<void>;
  /** One step on each loaded batch, in order. Resolves with the losses when the GPU has finished the last update. */
  train(): Promise<number[]>;
}

/** Images as floats from 0 to 1, batch by batch: what a library gets that doesn't decode bytes itself. */
export function* decodedBatches(dataset: Dataset, batchSize: number) {
  const elements = dataset.images.length / dataset.count;
  for (let first = 0; first < dataset.count; first += batchSize) {
    const bytes = dataset.images.subarray(first * elements, (first + batchSize) * elements);
    yield {
      images: Float32Array.from(bytes, (byte) => byte / 255),
      labels: dataset.labels.subarray(first, first + batchSize),
    };
  }
}
