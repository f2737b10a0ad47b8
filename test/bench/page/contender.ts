import type { Dataset } from '../../../src/data/index.ts';
import type { Model } from '../../../src/model/graph.ts';

/** Initial state of every contender. */
export interface Setup {
  adapter: 'software' | 'hardware';
  batchSize: number;
  model: Model;
  learningRate: number;
  /** Seed of wgrad's weights and augmentation. */
  seed: number;
  /** The weights that wgrad initializes from the seed, for the other contenders: in Keras' order, layout and shapes. */
  weights: { layer: string; values: Float32Array; shape: number[] }[];
}

/** A library with the network, ready to train. */
export interface Contender {
  readonly device: GPUDevice;
  /** Puts the batches of a data set into the library's preferred storage. Not timed after the first step. */
  load(dataset: Dataset): Promise<void>;
  /** One step on each loaded batch, in order. Resolves with the losses when the GPU has finished the last update. */
  train(): Promise<number[]>;
}

/** Images as floats from 0 to 1, by batch, for libraries that don't decode bytes themselves. */
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
