import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createDataset, createTrainer, type Model, type Trainer } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { type PresetName, presetModel } from '../../src/model/presets.ts';
import { product } from '../../src/product.ts';
import json from '../fixtures/torch_graphs.json';
import { gpu } from '../gpu/shared_gpu.ts';
import { tensorflowModel } from '../tensorflow_model.ts';

// Compares whole networks with PyTorch in float64 (test/fixtures/make_torch_graphs.py) and with TensorFlow.js' layers on the CPU.

/** All elements if there are few, otherwise a few of them and sums over all. */
interface Digest {
  values: number[];
  every?: number;
  largest?: number;
  norm?: number;
  products?: number[];
}

interface Case {
  samples: number;
  loss: number;
  gradients: Digest[];
  afterOne: Digest[];
  afterTen: Digest[];
  inference: { probabilities: number[]; loss: number; accuracy: number };
}

const networks = Object.entries(
  json.networks as unknown as Record<string, { seed: number; model: Model; cases: Case[] }>,
);

beforeAll(() => tf.setBackend('cpu'));

/** Relative to the largest element of a tensor, or to its norm if its elements are summed. */
const tolerance = 2e-4;
const batchSize = 8;
const classes = 10;

type Numbers = ArrayLike<number>;

function weightsFor(model: Model, seed: number): Float32Array[] {
  return compileModel(model).tensors.map(({ spec: { name, shape } }, t) => {
    let [middle, limit] = [0, 0.25];
    if (name === 'gamma' || name === 'movingVariance') [middle, limit] = [1, 0.4];
    else if (/ernel$/.test(name)) limit = Math.sqrt(6 / product(shape.slice(0, name === 'depthwiseKernel' ? 2 : 3)));
    const next = uniforms(seed, 1000 + t);
    return Float32Array.from({ length: product(shape) }, () => middle + (2 * next() - 1) * limit);
  });
}

function imagesFor(seed: number, stream: number, count: number) {
  const [pixel, label] = [uniforms(seed, stream), uniforms(seed, stream + 1)];
  const bytes = Uint8Array.from({ length: count * 8 * 8 * 3 }, () => Math.floor(pixel() * 256));
  const labels = Uint8Array.from({ length: count }, () => Math.floor(label() * classes));
  return { bytes, images: Float32Array.from(bytes, (byte) => byte / 256), labels };
}

/** Largest difference, as a fraction of `size`. */
function errorOf(actual: Numbers, expected: Numbers, size: number): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(expected, (value, i) => Math.abs(actual[i]! - value) / size).reduce((a, b) =>
    a >= b || Number.isNaN(a) ? a : b,
  );
}

const largestOf = (values: Numbers) => Array.from(values, Math.abs).reduce((a, b) => Math.max(a, b), 0);

/** The distance of a tensor from its digest; `t` is its index, on which the vectors of its products depend. */
function distance(actual: Float32Array, expected: Digest, t: number): number {
  if (!expected.products) return errorOf(actual, expected.values, largestOf(expected.values));
  const picked = actual.filter((_, i) => i % expected.every! === 0);
  const products = expected.products.map((_, vector) => {
    const next = uniforms(vector, 5000 + t);
    return actual.reduce((sum, value) => sum + (next() < 0.5 ? value : -value), 0);
  });
  return Math.max(
    errorOf(picked, expected.values, expected.largest!),
    errorOf(products, expected.products, expected.norm!),
    errorOf([Math.hypot(...actual)], [expected.norm!], expected.norm!),
  );
}

/** Requires that no tensor exceeds its bound, and lists those that do. */
function expectTensors(what: string, labels: string[], actual: readonly Float32Array[], expected: Digest[]): void {
  expect(actual).toHaveLength(expected.length);
  const off = actual.map((tensor, t) => [labels[t], distance(tensor, expected[t]!, t)] as const);
  expect(
    off.filter(([, share]) => !(share < tolerance)),
    what,
  ).toEqual([]);
}

const step = (trainer: Trainer, { images, labels }: ReturnType<typeof imagesFor>, samples: number) =>
  trainer.trainOnBatch(images.subarray(0, (images.length / labels.length) * samples), labels.subarray(0, samples));

test.each(networks)('%s agrees with PyTorch', async (name, { seed, model, cases }) => {
  expect(presetModel(name as PresetName, [8, 8, 3], classes)).toEqual(model);
  const { tensors, layers } = compileModel(model);
  const weights = weightsFor(model, seed);
  const labelOf = ({ layer, spec }: (typeof tensors)[number]) => `${layers[layer]!.name}.${spec.name}`;
  const trained = tensors.filter(({ spec }) => spec.trainable);
  expect(trained.length).toBeLessThan(tensors.length);
  const [batch, others] = [imagesFor(seed, 1, batchSize), imagesFor(seed, 3, 11)];
  const { bytes, labels } = others;
  const dataset = createDataset({ images: bytes, labels, imageShape: [8, 8, 3], classNames: [...'abcdefghij'] });
  const optimizer = { type: 'adam' as const, ...json.adam };

  for (const { samples, ...expected } of cases) {
    const trainer = createTrainer(gpu, { model, optimizer, batchSize, augmentation: { rescale: 1 / 256 } });
    await trainer.setWeights(weights);
    const images = batch.images.subarray(0, 192 * samples);
    const found = await trainer.gradients(images, batch.labels.subarray(0, samples));
    expect(errorOf([found.loss], [expected.loss], expected.loss)).toBeLessThan(tolerance);
    expectTensors(`gradients of ${samples}`, trained.map(labelOf), found.gradients, expected.gradients);
    expect(await trainer.getWeights()).toEqual(weights);

    expect((await step(trainer, batch, samples)).loss).toBe(found.loss);
    expectTensors(
      `weights after a step on ${samples}`,
      tensors.map(labelOf),
      await trainer.getWeights(),
      expected.afterOne,
    );
    for (let i = 1; i < json.steps; i++) await step(trainer, batch, samples);
    const after = await trainer.getWeights();
    expectTensors(`weights after ten steps on ${samples}`, tensors.map(labelOf), after, expected.afterTen);

    const { probabilities, loss, accuracy } = expected.inference;
    expect(errorOf(await trainer.predict(others.images), probabilities, 1)).toBeLessThan(tolerance);
    const evaluation = await trainer.evaluate(dataset);
    expect(errorOf([evaluation.loss], [loss], loss)).toBeLessThan(tolerance);
    expect(evaluation.accuracy).toBeCloseTo(accuracy, 6);
    expect(await trainer.getWeights()).toEqual(after);
    trainer.dispose();
  }
});

const normalized = (inputs?: string[]) => ({
  type: 'batchNormalization' as const,
  momentum: 0.9,
  ...(inputs && { inputs }),
});
const end = [
  { type: 'globalAveragePooling2d' as const },
  { type: 'dense' as const, units: 3, activation: 'softmax' as const },
];
const inputShape = [6, 6, 2] as const;

const named = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => `branch${first + i}`);
const branches = (count: number): Model['layers'] =>
  named(1, count).map((name) => ({
    type: 'conv2d',
    filters: 3,
    kernelSize: 3,
    activation: 'tanh',
    inputs: ['input'],
    name,
  }));

const chosen: Record<string, Model> = {
  'a residual network': {
    inputShape,
    layers: [
      { type: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', useBias: false },
      normalized(),
      { type: 'activation', activation: 'relu', name: 'start' },
      { type: 'conv2d', filters: 6, kernelSize: 3, strides: 2, padding: 'same', useBias: false },
      normalized(),
      { type: 'activation', activation: 'relu' },
      { type: 'conv2d', filters: 6, kernelSize: 3, padding: 'same', useBias: false },
      { ...normalized(), name: 'main' },
      { type: 'conv2d', filters: 6, kernelSize: 1, strides: 2, useBias: false, inputs: ['start'] },
      { ...normalized(), name: 'shortcut' },
      { type: 'add', inputs: ['main', 'shortcut'] },
      { type: 'activation', activation: 'relu' },
      ...end,
    ],
  },
  'a depthwise network': {
    inputShape,
    layers: [
      { type: 'separableConv2d', filters: 5, kernelSize: 3, padding: 'same', activation: 'elu' },
      // Without padding, because at borders TensorFlow.js' gradient divides by the pixels of a whole window, unlike its forward
      // pass.
      { type: 'averagePooling2d', poolSize: 2, strides: 1 },
      { type: 'depthwiseConv2d', kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2, activation: 'relu6' },
      normalized(),
      { type: 'averagePooling2d' },
      { type: 'flatten' },
      { type: 'dense', units: 3, activation: 'softmax' },
    ],
  },
  'branches, merged in every way': {
    inputShape,
    layers: [
      { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'softplus' },
      { type: 'layerNormalization', name: 'start' },
      { type: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'sigmoid', name: 'gate' },
      { type: 'multiply', inputs: ['start', 'gate'], name: 'gated' },
      { type: 'conv2d', filters: 4, kernelSize: 1, activation: 'tanh', inputs: ['start'], name: 'other' },
      { type: 'average', inputs: ['gated', 'other'], name: 'mean' },
      { type: 'maximum', inputs: ['gated', 'other'], name: 'most' },
      { type: 'concatenate', inputs: ['mean', 'start', 'most'] },
      { type: 'dropout', rate: 0 },
      { type: 'layerNormalization', axis: [1, 2, 3], epsilon: 0.01 },
      ...end,
    ],
  },
  'merges of six and of nine inputs': {
    inputShape,
    layers: [
      ...branches(9),
      // A gate with one number per channel: the input of a chain is broadcast.
      { type: 'globalAveragePooling2d', inputs: ['branch1'] },
      { type: 'reshape', targetShape: [1, 1, 3], name: 'gate' },
      { type: 'add', inputs: ['gate', ...named(2, 6)], name: 'sum' },
      { type: 'average', inputs: [...named(1, 8), 'gate'], name: 'mean' },
      { type: 'multiply', inputs: ['gate', ...named(1, 5)], name: 'product' },
      { type: 'maximum', inputs: named(1, 9), name: 'most' },
      { type: 'multiply', inputs: ['sum', 'mean', 'most', 'product', 'branch9', 'most'], name: 'all' },
      { type: 'maximum', inputs: ['all', 'sum', 'branch3', 'branch2', 'product', 'mean'] },
      { type: 'activation', activation: 'tanh' },
      ...end,
    ],
  },
};

test.each(Object.entries(chosen))('%s agrees with TensorFlow.js', async (_, json) => {
  const model = compileModel(json);
  const weights = weightsFor(json, 3);
  const next = uniforms(3, 1);
  const images = Float32Array.from({ length: 5 * product(inputShape) }, () => 2 * next() - 1);
  const labels = [0, 2, 1, 1, 0];
  const x = tf.tensor4d(images, [5, ...inputShape]);
  const labelsOf = model.tensors.map(({ layer, spec }) => `${model.layers[layer]!.name}.${spec.name}`);
  const theirs = tensorflowModel(json);
  // TensorFlow.js' model lists frozen weights after all trainable ones, and layers by depth, so weights are set layer by layer.
  const owners = model.layers.filter((layer) => layer.weights.length > 0).map(({ name }) => theirs.getLayer(name));
  const theirWeights = async (): Promise<Float32Array[]> =>
    Promise.all(owners.flatMap((layer) => layer.getWeights()).map((tensor) => tensor.data() as Promise<Float32Array>));
  const setTheirs = () => {
    let t = 0;
    for (const layer of owners) {
      layer.setWeights(layer.getWeights().map(({ shape }) => tf.tensor(weights[t++]!, shape)));
    }
  };
  setTheirs();
  const whole = (tensors: readonly Float32Array[]): Digest[] => tensors.map((tensor) => ({ values: [...tensor] }));

  const optimizer = { type: 'sgd' as const, learningRate: 0.05, momentum: 0.9 };
  const trainer = createTrainer(gpu, { model: json, optimizer, batchSize: 8 });
  await trainer.setWeights(weights);
  const predicted = async () => (await (theirs.predict(x) as tf.Tensor).data()) as Float32Array;
  expect(errorOf(await trainer.predict(images), await predicted(), 1)).toBeLessThan(tolerance);

  const variables = owners.flatMap((layer) =>
    layer.trainableWeights.map((weight) => (weight as unknown as { val: tf.Variable }).val),
  );
  const { value, grads } = tf.variableGrads(() => {
    const p = theirs.apply(x, { training: true }) as tf.Tensor2D;
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.log(p), tf.oneHot(tf.tensor1d(labels, 'int32'), 3)), 1))) as tf.Scalar;
  }, variables);
  const found = await trainer.gradients(images, labels);
  const [loss] = await value.data();
  expect(errorOf([found.loss], [loss!], loss!)).toBeLessThan(tolerance);
  const trained = labelsOf.filter((_, t) => model.tensors[t]!.spec.trainable);
  const gradients = await Promise.all(variables.map(({ name }) => grads[name]!.data() as Promise<Float32Array>));
  expectTensors('gradients', trained, found.gradients, whole(gradients));

  setTheirs(); // TensorFlow.js' training pass has changed the statistics.
  theirs.compile({ optimizer: tf.train.momentum(0.05, 0.9), loss: 'sparseCategoricalCrossentropy' });
  for (let i = 0; i < 5; i++) {
    await trainer.trainOnBatch(images, labels);
    await theirs.trainOnBatch(x, tf.tensor1d(labels));
  }
  expectTensors('weights after five steps', labelsOf, await trainer.getWeights(), whole(await theirWeights()));
  expect(errorOf(await trainer.predict(images), await predicted(), 1)).toBeLessThan(tolerance);
  trainer.dispose();
});
