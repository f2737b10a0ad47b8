import { describe, expect, test } from 'vitest';
import { createTrainer, type Model, type OptimizerConfig } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { clipGradients } from '../../src/reference/clip.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { gradientNorm } from '../../src/reference/norm.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

const [images, labels] = batchOf(smallDataset(8), 0, 8);

/** The change of each tensor in one step of SGD, and the step's record. */
async function step(optimizer: OptimizerConfig) {
  const trainer = createTrainer(gpu, { model: smallModel, batchSize: 8, seed: 5, optimizer });
  const before = await trainer.getWeights();
  const { gradients } = await trainer.gradients(images, labels);
  const { gradientNorms } = await trainer.trainOnBatch(images, labels);
  const after = await trainer.getWeights();
  trainer.dispose();
  const moved = after.map((w, t) => Float64Array.from(w, (value, i) => value - before[t]![i]!));
  return { before, gradients, gradientNorms, moved };
}

const sgd = { type: 'sgd', learningRate: 1 } as const;
/** A weight is rounded after it has changed. */
const rounding = 2 ** -22;

describe('clipping moves the weights less', () => {
  test.each([{ clipnorm: 0.01 }, { globalClipnorm: 0.01 }, { clipvalue: 0.001 }])('%j', async (clip) => {
    const plain = await step(sgd);
    const { gradients, gradientNorms, moved } = await step({ ...sgd, ...clip });
    const taken = clipGradients(clip, gradients);
    for (const [t, dw] of taken.entries()) {
      expectWithin(
        `tensor ${t}`,
        moved[t]!,
        dw.map((g) => -g),
        rounding,
      );
    }
    expect(gradientNorm(...moved).norm).toBeLessThan(0.5 * gradientNorm(...plain.moved).norm);
    // Reported norms are before clipping.
    expect(gradientNorms).toEqual(plain.gradientNorms);
  });

  test('nothing is clipped that is smaller', async () => {
    const plain = await step(sgd);
    for (const clip of [{ clipnorm: 1e6 }, { globalClipnorm: 1e6 }, { clipvalue: 1e6 }]) {
      expect((await step({ ...sgd, ...clip })).moved).toEqual(plain.moved);
    }
  });
});

test('weights decay before the step', async () => {
  const { before, gradients, moved } = await step({ ...sgd, weightDecay: 0.25 });
  for (const [t, w] of before.entries()) {
    const expected = Float64Array.from(w, (value, i) => -0.25 * value - gradients[t]![i]!);
    expectWithin(`tensor ${t}`, moved[t]!, expected, rounding);
  }
});

describe('an L2 regularizer', () => {
  const l2 = {
    kernelRegularizer: { l2: 0.5 },
    biasRegularizer: { l2: 2 },
    biasInitializer: { type: 'constant', value: 0.5 },
  } as const;
  const regularized: Model = {
    ...smallModel,
    layers: smallModel.layers.map((layer, i) => (layer.type === 'conv2d' || i === 4 ? { ...layer, ...l2 } : layer)),
  };
  const model = compileModel(regularized);

  test('is a part of the loss in evaluation and training, once in each mean', async () => {
    const dataset = smallDataset(11);
    const [all, ofAll] = batchOf(dataset, 0, 11);
    // With a learning rate of 0, every step has the same weights; the last batch is short.
    const trainer = createTrainer(gpu, {
      model: regularized,
      batchSize: 4,
      seed: 5,
      optimizer: { type: 'sgd', learningRate: 0 },
      augmentation: { rescale: exactRescale },
    });
    const weights = await trainer.getWeights();
    const expected = networkGradients(model, weights, all, ofAll);
    const plain = networkGradients(compileModel(smallModel), weights, all, ofAll);
    expect(expected.loss).toBeGreaterThan(plain.loss + 1);
    const bound = boundsOfBatch(model, weights, all, ofAll).loss;
    expectWithin('evaluate', [(await trainer.evaluate(dataset)).loss], [expected.loss], bound);
    const { epochs } = await trainer.fit(dataset, { validationData: dataset });
    expectWithin('loss', [epochs[0]!.loss, epochs[0]!.validationLoss!], [expected.loss, expected.loss], bound);
    trainer.dispose();
  });

  test('alone, it makes weights smaller', async () => {
    const trainer = createTrainer(gpu, {
      model: regularized,
      batchSize: 8,
      seed: 5,
      optimizer: { type: 'sgd', learningRate: 0.1 },
    });
    const norm = async () => gradientNorm((await trainer.getWeights())[0]!).norm;
    const before = await norm();
    for (let i = 0; i < 10; i++) await trainer.trainOnBatch(images, labels);
    // Each step reduces it by a tenth; the effect of the data is far smaller.
    expect((await norm()) / before).toBeLessThan(0.6);
    trainer.dispose();
  });
});
