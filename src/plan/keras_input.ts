import { kerasRangesOf } from '../augment/generator_ops.ts';
import { kerasEpoch } from '../augment/keras_flow.ts';
import { packParameters } from '../augment/parameters.ts';
import type { Pipeline } from '../augment/pipeline.ts';
import type { Dataset } from '../data/dataset.ts';

/** An epoch in Keras' order: the order of the samples, and the random parameters of each. */
export interface KerasEpoch {
  order: Uint32Array<ArrayBuffer>;
  records: Float32Array<ArrayBuffer>;
}

/**
 * Keras' own random numbers, if requested. They are those of `model.fit` on TensorFlow, which reads two batches before it
 * starts, with shuffle=False, because the flow itself shuffles.
 */
export function kerasFlowOf(
  pipeline: Pipeline,
  dataset: Dataset,
  batchSize: number,
  seed: number,
): ((epoch: number, shuffle: boolean) => KerasEpoch) | undefined {
  const { generator } = pipeline;
  if (!generator) return undefined;
  const { imageShape, count: samples } = dataset;
  const options = { ranges: kerasRangesOf(generator), imageShape, samples, batchSize, seed };
  return (epoch, shuffle) => {
    const { order, parameters } = kerasEpoch({ ...options, shuffle }, { by: 'fit', looked: 2 }, epoch - 1);
    return {
      order: Uint32Array.from(order),
      records: packParameters(pipeline, parameters) as Float32Array<ArrayBuffer>,
    };
  };
}
