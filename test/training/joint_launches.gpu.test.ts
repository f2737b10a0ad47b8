import { expect, test } from 'vitest';
import { createTrainer, type Model } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { expectBatch } from './closeness.ts';
import { smallDataset } from './small.ts';

/** The same device, planned as if it were hardware, where every pair of dispatches that can share a launch does. */
const asHardware = Object.create(gpu, { traits: { value: { software: false, subgroupSize: 0 } } }) as typeof gpu;

const convolutions: Model = {
  inputShape: [6, 6, 1],
  layers: [
    { type: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
    { type: 'maxPooling2d' },
    { type: 'conv2d', filters: 8, kernelSize: 2, padding: 'same', activation: 'tanh' },
    { type: 'conv2d', filters: 6, kernelSize: 2, activation: 'relu' },
    { type: 'maxPooling2d' },
    { type: 'flatten' },
    { type: 'dense', units: 7, activation: 'tanh' },
    { type: 'dense', units: 3, activation: 'softmax' },
  ],
};
const blocks: Model = {
  inputShape: [6, 6, 1],
  layers: [
    { type: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', name: 'start' },
    { type: 'depthwiseConv2d', kernelSize: 3, padding: 'same', activation: 'tanh' },
    { type: 'conv2d', filters: 4, kernelSize: 3, groups: 2, padding: 'same', activation: 'relu' },
    { type: 'layerNormalization' },
    { type: 'add', inputs: ['layer_normalization', 'start'] },
    { type: 'flatten' },
    { type: 'dense', units: 3, activation: 'softmax' },
  ],
};

test.each([
  ['convolutions, pools and dense layers', convolutions, 4],
  ['other convolutions and a normalization', blocks, 2],
])('dispatches that share a launch compute what each computes alone: %s', async (_, json, joint) => {
  const batchSize = 5;
  const model = compileModel(json);
  const next = uniforms(3, 0);
  const images = Float32Array.from({ length: batchSize * 36 }, () => 2 * next() - 1);
  const labels = [0, 1, 2, 1, 0];
  const trainer = createTrainer(asHardware, { model: json, batchSize, optimizer: 'sgd' });
  const alone = createTrainer(gpu, { model: json, batchSize, optimizer: 'sgd' });
  try {
    const weights = (await trainer.getWeights()).map((w) => Float32Array.from(w, (v) => v || next() - 0.5));
    for (const one of [trainer, alone]) await one.setWeights(weights);
    const expected = networkGradients(model, weights, images, labels);
    const bounds = boundsOfBatch(model, weights, images, labels);
    for (const one of [trainer, alone]) expectBatch(model, await one.gradients(images, labels), expected, bounds);
    const { dispatches } = await trainer.profile(smallDataset(10), { steps: 1 });
    expect(dispatches.filter(({ name }) => name.includes(' + ')).length).toBeGreaterThanOrEqual(joint);
  } finally {
    trainer.dispose();
    alone.dispose();
  }
});
