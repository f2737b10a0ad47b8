import { describe, expect, test } from 'vitest';
import { compileModel, type Model } from '../../src/model/graph.ts';
import { fillOptimizer } from '../../src/model/optimizer.ts';
import { product } from '../../src/product';
import { networkGradients, networkProbabilities } from '../../src/reference/network.ts';
import { trainSteps } from '../../src/reference/train.ts';
import { expectGradient, numbers } from './central_differences.ts';

const networks: Record<string, Model> = {
  'convolutions and pools': {
    inputShape: [8, 9, 2],
    layers: [
      { type: 'conv2d', filters: 3, kernelSize: 3, activation: 'relu' },
      { type: 'maxPooling2d' },
      { type: 'conv2d', filters: 4, kernelSize: 2, activation: 'tanh' },
      { type: 'flatten' },
      { type: 'dense', units: 5, activation: 'sigmoid' },
      { type: 'dense', units: 3, activation: 'softmax' },
    ],
  },
  'strides, padding, no bias, a pool after a pool': {
    inputShape: [9, 7, 1],
    layers: [
      { type: 'conv2d', filters: 3, kernelSize: [3, 2], strides: [2, 1], padding: 'same', activation: 'sigmoid' },
      { type: 'maxPooling2d', poolSize: 3, strides: 2, padding: 'same' },
      { type: 'maxPooling2d', poolSize: [1, 2] },
      { type: 'conv2d', filters: 2, kernelSize: 2, useBias: false },
      { type: 'flatten' },
      { type: 'dense', units: 4, activation: 'softmax', useBias: false },
    ],
  },
  'L1 and L2 regularizers': {
    inputShape: [5, 5, 1],
    layers: [
      { type: 'conv2d', filters: 2, kernelSize: 3, activation: 'tanh', kernelRegularizer: { l1: 0.2 } },
      { type: 'flatten' },
      {
        type: 'dense',
        units: 3,
        activation: 'softmax',
        kernelRegularizer: { l2: 0.1 },
        biasRegularizer: { l1: 0.4, l2: 2 },
      },
    ],
  },
  'a dense layer alone': {
    inputShape: [2, 2, 1],
    layers: [{ type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }],
  },
};

function start(model: Model, batch: number) {
  const compiled = compileModel(model);
  const specs = compiled.layers.flatMap(({ weights }) => weights);
  const weights = specs.map(({ shape }, i) => numbers(product(shape), 10 + i));
  const [height, width, channels] = compiled.inputShape;
  return { compiled, weights, images: numbers(batch * height * width * channels, 1) };
}

describe.each(Object.entries(networks))('%s', (_, model) => {
  test.each([
    ['a whole batch', [0, 2, 1]],
    ['a short batch', [0, 2]],
  ])('gradients against central differences: %s', (_, labels) => {
    const { compiled, weights, images } = start(model, 3);
    const { gradients, gradientNorms } = networkGradients(compiled, weights, images, labels);
    const loss = () => networkGradients(compiled, weights, images, labels).loss;
    for (const [i, tensor] of weights.entries()) expectGradient(`tensor ${i}`, loss, tensor, gradients[i]!);
    const withWeights = compiled.layers.filter((layer) => layer.parameters > 0).map(({ name }) => name);
    expect(Object.keys(gradientNorms).sort()).toEqual(withWeights.sort());
  });

  test('a short batch is the same as a smaller one', () => {
    const { compiled, weights, images } = start(model, 3);
    const short = networkGradients(compiled, weights, images, [0, 2]);
    const smaller = networkGradients(compiled, weights, images.subarray(0, (images.length / 3) * 2), [0, 2]);
    expect(short.loss).toBe(smaller.loss);
    for (const [i, tensor] of short.gradients.entries()) {
      for (const [j, g] of tensor.entries()) expect(g).toBeCloseTo(smaller.gradients[i]![j]!, 14);
    }
    expect([...networkProbabilities(compiled, weights, images)]).toEqual([...short.probabilities]);
  });
});

test('training makes the loss smaller', () => {
  const { compiled, weights, images } = start(networks['convolutions and pools']!, 3);
  const labels = [0, 2, 1];
  const loss = (w: Float64Array[]) => networkGradients(compiled, w, images, labels).loss;
  const sgd = { type: 'sgd' as const, learningRate: 0.05, momentum: 0.9, nesterov: true };
  const adam = { type: 'adam' as const, learningRate: 0.01 };
  for (const optimizer of [sgd, adam]) {
    const filled = fillOptimizer(optimizer);
    const after = trainSteps(filled, weights, 10, (w) => networkGradients(compiled, w, images, labels).gradients);
    expect(loss(after)).toBeLessThan(0.7 * loss(weights));
  }
});
