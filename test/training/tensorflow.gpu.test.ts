import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { createTrainer, type OptimizerConfig } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { fillOptimizer } from '../../src/model/optimizer.ts';
import type { OptimizerConfigOf } from '../../src/model/optimizers/index.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { trainSteps } from '../../src/reference/train.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { boundsOf } from '../../src/selftest/sensitivity.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { expectBatch } from './closeness.ts';
import { batchOf, smallDataset, smallModel } from './small.ts';

// TensorFlow.js on the CPU, in the same page, with the same weights and batch. It stores float32 like the GPU, so the two may
// differ by the sum of their errors relative to float64.

beforeAll(() => tf.setBackend('cpu'));

const model = compileModel(smallModel);
const [images, labels] = batchOf(smallDataset(7), 0, 7);

/** `smallModel`, layer by layer. */
function tensorflowModel(): tfl.Sequential {
  return tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [6, 6, 1], filters: 4, kernelSize: 3, activation: 'relu' }),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.conv2d({ filters: 3, kernelSize: 2, padding: 'same', activation: 'relu' }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 5, activation: 'tanh' }),
      tfl.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
}

/** Kernels with Glorot initialization, and nonzero biases. */
async function makeBoth(optimizer: OptimizerConfig) {
  const trainer = createTrainer(gpu, { model: smallModel, optimizer, batchSize: 8, seed: 11 });
  const weights = (await trainer.getWeights()).map((tensor, i) =>
    i % 2 ? tensor.map((_, j) => (j - 1.5) / 16) : tensor,
  );
  await trainer.setWeights(weights);
  const theirs = tensorflowModel();
  theirs.setWeights(theirs.getWeights().map(({ shape }, i) => tf.tensor(weights[i]!, shape)));
  return { trainer, theirs, weights };
}

const x = () => tf.tensor4d(images, [7, 6, 6, 1]);

test('probabilities, loss and gradients', async () => {
  const { trainer, theirs, weights } = await makeBoth({ type: 'sgd' });
  const bounds = boundsOfBatch(model, weights, images, labels);
  const twice = {
    loss: 2 * bounds.loss,
    probabilities: 2 * bounds.probabilities,
    gradients: bounds.gradients.map((bound) => 2 * bound),
  };
  const probabilities = await (theirs.predict(x()) as tf.Tensor).data();
  expectWithin('probabilities', await trainer.predict(images), probabilities, twice.probabilities);

  const variables = theirs.trainableWeights.map((weight) => (weight as unknown as { val: tf.Variable }).val);
  const { value, grads } = tf.variableGrads(() => {
    const p = theirs.apply(x(), { training: true }) as tf.Tensor2D;
    const picked = tf.sum(tf.mul(tf.log(p), tf.oneHot(tf.tensor1d(labels, 'int32'), 3)), 1);
    return tf.neg(tf.mean(picked)) as tf.Scalar;
  }, variables);
  const expected = {
    loss: (await value.data())[0]!,
    gradients: await Promise.all(variables.map(({ name }) => grads[name]!.data())),
  };
  expectBatch(model, await trainer.gradients(images, labels), expected, twice);
  trainer.dispose();
});

test.each<[string, OptimizerConfigOf<'sgd' | 'rmsprop' | 'adagrad'>, () => tf.Optimizer]>([
  ['plain SGD', { type: 'sgd', learningRate: 0.1 }, () => tf.train.sgd(0.1)],
  ['SGD with momentum', { type: 'sgd', learningRate: 0.1, momentum: 0.9 }, () => tf.train.momentum(0.1, 0.9)],
  [
    "SGD with Nesterov's momentum",
    { type: 'sgd', learningRate: 0.1, momentum: 0.9, nesterov: true },
    () => tf.train.momentum(0.1, 0.9, true),
  ],
  // Epsilon is inside the square root in both. (TensorFlow.js' centered variant gives NaN in its first step.)
  ['RMSprop', { type: 'rmsprop', learningRate: 0.01, epsilon: 1e-4 }, () => tf.train.rmsprop(0.01, 0.9, 0, 1e-4)],
  [
    'RMSprop with momentum',
    { type: 'rmsprop', learningRate: 0.01, momentum: 0.9, epsilon: 1e-4 },
    () => tf.train.rmsprop(0.01, 0.9, 0.9, 1e-4),
  ],
  ['Adagrad', { type: 'adagrad', learningRate: 0.1 }, () => tf.train.adagrad(0.1, 0.1)],
])('five steps of %s', async (_, optimizer, theirOptimizer) => {
  const { trainer, theirs, weights } = await makeBoth(optimizer);
  theirs.compile({ optimizer: theirOptimizer(), loss: 'sparseCategoricalCrossentropy' });
  const bounds = boundsOf(
    (w, at) => trainSteps(fillOptimizer(optimizer), w, 5, (now) => networkGradients(model, now, at, labels).gradients),
    model,
    weights,
    images,
  );
  const ofLoss = 2 * boundsOfBatch(model, weights, images, labels).loss;
  for (let step = 0; step < 5; step++) {
    const { loss } = await trainer.trainOnBatch(images, labels);
    const theirLoss = (await theirs.trainOnBatch(x(), tf.tensor1d([...labels]))) as number;
    if (step === 0) expectWithin('loss', [loss], [theirLoss], ofLoss);
  }
  const ours = await trainer.getWeights();
  for (const [i, tensor] of theirs.getWeights().entries()) {
    expectWithin(`weights ${i}`, ours[i]!, await tensor.data(), 2 * bounds[i]!);
  }
  expect(ours).toHaveLength(8);
  trainer.dispose();
});
