import type { BatchSource, Drafter } from '../augment/batch.ts';
import type { Pipeline } from '../augment/pipeline.ts';
import type { Slice } from '../gpu/memory.ts';
import type { InputView } from './mix.ts';

/** The buffers through which a data set reaches the network. */
export interface InputBuffers<B = Slice> {
  state: B;
  /** Labels of the batch. */
  labels: B;
  /** Targets of the batch: class probabilities if images are mixed, or regression targets. */
  targets?: B;
  /** Sample weights of the batch. */
  weights?: B;
  /** Images of the batch as floats. */
  input: B;
}

/** A data set in buffers: images and labels as bytes. */
export interface DatasetBuffers<B> {
  images: B;
  labels: B;
  /** Bytes per label; 1 by default. */
  labelBytes?: 1 | 2;
  /** Targets that replace the labels, [count, outputs]. */
  targets?: B;
  /** Sample weights. */
  weights?: B;
  count: number;
  /** `images` is a window rather than the whole set. */
  window?: NonNullable<BatchSource<B>['window']>;
}

/** Plans how the batches of a data set are produced, with the necessary buffers. Used both on a GPU and for plans without one. */
export function sourceOf<B>(
  { memory }: Pick<Drafter<B, unknown>, 'memory'>,
  { images, labels, labelBytes, targets: all, weights, count, window }: DatasetBuffers<B>,
  outputs: number,
  pipeline: Pipeline,
  { plain, probability, views }: Pick<InputView, 'plain' | 'probability' | 'views'>,
  batch: number,
  { state, labels: batchLabels, targets, weights: batchWeights, input }: InputBuffers<B>,
): BatchSource<B> {
  const mixed = pipeline.paired && !plain;
  const samplesPerEpoch = count * (plain ? 1 : views);
  return {
    batch,
    state,
    order: memory.storage('dataset.order', window ? 2 * samplesPerEpoch : samplesPerEpoch),
    ...(window && { window }),
    samplesPerEpoch,
    count,
    pixels: { images, bytes: true, output: input },
    labels: {
      all: labels,
      batch: mixed ? memory.storage('labels.pairs', 2 * batch) : batchLabels,
      ...(labelBytes && { bytes: labelBytes }),
    },
    ...((mixed || all !== undefined) && {
      targets: { slice: targets!, classes: outputs, ...(all !== undefined && { all }) },
    }),
    ...(weights !== undefined && { weights: { all: weights, batch: batchWeights! } }),
    ...(!plain &&
      drawsAsKeras(pipeline) && { listed: memory.storage('dataset.draws', samplesPerEpoch * pipeline.words) }),
    plain,
    probability,
  };
}

/** The source of the same samples without augmentation. */
export function plainOf({ labels, targets, listed: _, ...source }: BatchSource, buffers: InputBuffers): BatchSource {
  return {
    ...source,
    labels: { ...labels!, batch: buffers.labels },
    // An unaugmented image has no soft label from mixing, but keeps the data set's targets.
    ...(targets?.all && { targets }),
    plain: true,
    probability: 1,
  };
}

const drawsAsKeras = ({ generator }: Pipeline): boolean => generator !== undefined && generator.compat !== 'corrected';
