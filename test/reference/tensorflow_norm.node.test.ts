import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import {
  batchNormBackwardSums,
  batchNormBackwardX,
  batchNormForward,
  batchNormMove,
  batchStatistics,
} from '../../src/reference/batch_norm.ts';
import { layerNormBackwardSums, layerNormBackwardX, layerNormForward } from '../../src/reference/layer_norm.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { numbers } from './central_differences.ts';

// TensorFlow.js has Keras' batch and layer normalization. It computes in float32, so its error may be that of some hundred
// roundings of numbers of order one; the twins are float64.
const bound = 1e-5;

beforeAll(() => tf.setBackend('cpu'));

const [batch, height, width, channels] = [3, 2, 3, 4];
const pixels = height * width;
const options = {
  epsilon: 1e-3,
  scale: true,
  center: true,
  residual: false,
  activation: 'linear',
  inActivation: 'linear',
} as const;
const x = numbers(batch * pixels * channels, 1);
const out = numbers(x.length, 2);
const [gamma, beta] = [numbers(channels, 3), numbers(channels, 4)];
const count = batch;

/** The output of a layer in training, and the gradients of sum(out * y). */
function trained(layer: tfl.layers.Layer, weights: Float64Array[]) {
  const input = tf.tensor4d(Float32Array.from(x), [batch, height, width, channels]);
  layer.apply(input);
  layer.setWeights(layer.getWeights().map(({ shape }, i) => tf.tensor(Float32Array.from(weights[i]!), shape)));
  const y = layer.apply(input, { training: true }) as tf.Tensor;
  const weight = tf.tensor4d(Float32Array.from(out), [batch, height, width, channels]);
  const moved = layer.getWeights().map((tensor) => tensor.dataSync());
  const loss = (at: tf.Tensor) => tf.sum(tf.mul(layer.apply(at, { training: true }) as tf.Tensor, weight)) as tf.Scalar;
  const dx = tf
    .grad(loss as (at: tf.Tensor) => tf.Tensor)(input)
    .dataSync();
  const variables = layer.trainableWeights.map((w) => (w as unknown as { val: tf.Variable }).val);
  const { grads } = tf.variableGrads(() => loss(input), variables);
  return { y: y.dataSync(), dx, moved, gradients: variables.map(({ name }) => grads[name]!.dataSync()) };
}

test('batch normalization compared with TensorFlow.js: forward, gradients, moving statistics, inference', () => {
  const s = { ...options, batch, pixels, channels, chunks: 1, frozen: false };
  const [movingMean, movingVariance] = [numbers(channels, 5), numbers(channels, 6).map((u) => u + 1.5)];
  const momentum = 0.8;
  const layer = tfl.layers.batchNormalization({ momentum });
  const weights = [gamma, beta, movingMean, movingVariance];
  const theirs = trained(layer, weights);

  const { mean, variance } = batchStatistics(s, { x, count });
  expectWithin('y', batchNormForward(s, { x, mean, variance, gamma, beta }).y, theirs.y, bound);
  const { dgamma, dbeta } = batchNormBackwardSums(s, { x, dy: out, mean, variance, count });
  expectWithin('dgamma', dgamma, theirs.gradients[0]!, bound);
  expectWithin('dbeta', dbeta, theirs.gradients[1]!, bound);
  const { dx } = batchNormBackwardX(s, { x, dy: out, mean, variance, gamma, dgamma, dbeta, count });
  expectWithin('dx', dx, theirs.dx, bound);
  const move = (statistics: Float64Array, moving: Float64Array) =>
    batchNormMove({ momentum }, { statistics, moving }).moving;
  expectWithin('moving mean', move(mean, movingMean), theirs.moved[2]!, bound);
  expectWithin('moving variance', move(variance, movingVariance), theirs.moved[3]!, bound);

  layer.setWeights(layer.getWeights().map(({ shape }, i) => tf.tensor(Float32Array.from(weights[i]!), shape)));
  const predicted = layer.apply(tf.tensor4d(Float32Array.from(x), [batch, height, width, channels])) as tf.Tensor;
  const inference = batchNormForward(s, { x, mean: movingMean, variance: movingVariance, gamma, beta });
  expectWithin('inference', inference.y, predicted.dataSync(), bound);
});

test.each([
  ['the channels', [-1], pixels, channels],
  ['all axes', [1, 2, 3], 1, pixels * channels],
] as const)('layer normalization beside TensorFlow.js over %s', (_, axis, rows, size) => {
  const s = { ...options, batch, rows, size, chunks: 1, keepsStatistics: true };
  const parameters = { gamma: numbers(size, 7), beta: numbers(size, 8) };
  const layer = tfl.layers.layerNormalization({ axis: [...axis], epsilon: options.epsilon });
  const theirs = trained(layer, [parameters.gamma, parameters.beta]);
  const { y, statistics } = layerNormForward(s, { x, ...parameters });
  expectWithin('y', y, theirs.y, bound);
  expectWithin('dx', layerNormBackwardX(s, { x, dy: out, statistics, ...parameters, count }).dx, theirs.dx, bound);
  const { dgamma, dbeta } = layerNormBackwardSums(s, { x, dy: out, statistics, count });
  expectWithin('dgamma', dgamma, theirs.gradients[0]!, bound);
  expectWithin('dbeta', dbeta, theirs.gradients[1]!, bound);
  expect(theirs.gradients).toHaveLength(2);
});
