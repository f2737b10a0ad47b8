import { kerasRangesOf } from '../augment/generator_ops.ts';
import { kerasEpoch } from '../augment/keras_flow.ts';
import { packParameters } from '../augment/parameters.ts';
import type { Pipeline } from '../augment/pipeline.ts';
import type { Dataset } from '../data/dataset.ts';

/** An epoch as Keras draws it: the order of the samples, and the records of what is drawn for each. */
export interface KerasEpoch {
  order: Uint32Array<ArrayBuffer>;
  records: Float32Array<ArrayBuffer>;
}

/**
 * Keras' own draws, where they are asked for: of `model.fit` with TensorFlow under it, which looks at two batches before
 * it begins, and with shuffle=False, because it is the flow that shuffles.
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
