import { createDataset, type Dataset, type Model } from '../../src/index.ts';
import { uniforms } from '../../src/model/initializers.ts';

/** A network with every kind of layer whose steps are fast; it has four more weight tensors than biases. */
export const smallModel: Model = {
  inputShape: [6, 6, 1],
  layers: [
    { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
    { type: 'maxPooling2d' },
    { type: 'conv2d', filters: 3, kernelSize: 2, padding: 'same', activation: 'relu' },
    { type: 'flatten' },
    { type: 'dense', units: 5, activation: 'tanh' },
    { type: 'dense', units: 3, activation: 'softmax' },
  ],
};

/** An equally small network with a shortcut, normalizations, layers that use random numbers, and frozen layers in the middle. */
export const normalizedModel: Model = {
  inputShape: [6, 6, 1],
  layers: [
    { type: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', useBias: false },
    { type: 'batchNormalization', momentum: 0.9 },
    { type: 'activation', activation: 'relu', name: 'start' },
    { type: 'conv2d', filters: 4, kernelSize: 3, padding: 'same' },
    { type: 'batchNormalization', momentum: 0.9 },
    { type: 'add', inputs: ['batch_normalization_1', 'start'] },
    { type: 'activation', activation: 'relu' },
    { type: 'spatialDropout2d', rate: 0.25 },
    { type: 'conv2d', filters: 4, kernelSize: 2, trainable: false, name: 'frozen' },
    { type: 'batchNormalization', trainable: false, name: 'frozen_normalization' },
    { type: 'gaussianNoise', stddev: 0.1 },
    { type: 'flatten' },
    { type: 'dropout', rate: 0.5 },
    { type: 'dense', units: 3, activation: 'softmax' },
  ],
};

const elements = 36;
export const smallClasses = 3;

/** Maps bytes to numbers below 1 without rounding, so that host and GPU decode to the same bits. */
export const exactRescale = 1 / 256;

/** Noise that is brighter in the rows of its class, so that there is something to learn. */
export function smallDataset(count: number, seed = 1): Dataset {
  const next = uniforms(seed, 2);
  const labels = Uint8Array.from({ length: count }, () => Math.floor(next() * smallClasses));
  const images = Uint8Array.from({ length: count * elements }, (_, i) => {
    const row = Math.floor((i % elements) / 6);
    const bright = Math.floor(row / 2) === labels[Math.floor(i / elements)] ? 128 : 0;
    return bright + Math.floor(next() * 128);
  });
  return createDataset({ images, labels, imageShape: [6, 6, 1], classNames: ['top', 'middle', 'bottom'] });
}

/** Images of a data set from index `first` on, in the form that `trainOnBatch` takes, and their labels. */
export function batchOf(dataset: Dataset, first: number, count: number): [Float32Array, Uint8Array] {
  const end = Math.min(dataset.count, first + count);
  const bytes = dataset.images.subarray(first * elements, end * elements);
  return [
    Float32Array.from(bytes, (byte) => byte * exactRescale),
    Uint8Array.from(dataset.labels.subarray(first, end)),
  ];
}
