import { expect, test } from 'vitest';
import {
  createTrainer,
  type FitOptions,
  type Model,
  type StepRecord,
  type Trainer,
  type TrainerOptions,
} from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { tunableKernels } from '../../src/train/plan_engine.ts';
import { fillOptions } from '../../src/train/trainer_options.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { expectBatch } from './closeness.ts';
import { smallDataset } from './small.ts';

/** The same device, planned as if it were hardware, where dispatches share launches within this many storage buffers. */
const asHardware = (storageBuffers: number) =>
  Object.create(gpu, { traits: { value: { software: false, subgroupSize: 0, storageBuffers } } }) as typeof gpu;
const most = gpu.device.limits.maxStorageBuffersPerShaderStage;

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

const noise = (count: number, seed: number) => {
  const next = uniforms(seed, 0);
  return Float32Array.from({ length: count }, () => 2 * next() - 1);
};

const joinedIn = async (trainer: Trainer) => {
  const { dispatches } = await trainer.profile(smallDataset(10), { steps: 1 });
  return dispatches.map(({ name }) => name).filter((name) => / \+ | -> /.test(name));
};

test.each([
  ['convolutions, pools and dense layers', convolutions, 6],
  ['other convolutions and a normalization', blocks, 4],
])('dispatches that share a launch compute the gradients of the float64 twin: %s', async (_, json, joint) => {
  const batchSize = 5;
  const model = compileModel(json);
  const images = noise(batchSize * 36, 3);
  const labels = [0, 1, 2, 1, 0];
  const trainer = createTrainer(asHardware(most), { model: json, batchSize, optimizer: 'sgd' });
  try {
    const biases = noise(64, 4);
    const weights = (await trainer.getWeights()).map((w) => Float32Array.from(w, (v, i) => v || biases[i % 64]!));
    await trainer.setWeights(weights);
    const expected = networkGradients(model, weights, images, labels);
    const bounds = boundsOfBatch(model, weights, images, labels);
    expectBatch(model, await trainer.gradients(images, labels), expected, bounds);
    expect((await joinedIn(trainer)).length).toBeGreaterThanOrEqual(joint);
  } finally {
    trainer.dispose();
  }
});

test.each([
  ["Winograd's algorithm", 'winograd', 8, 6],
  // The gradient of the first layer's output has too few channels for them.
  ['tiles in workgroup memory', 'workgroupTile', 32, 5],
])('%s shares launches, and computes the gradients of the float64 twin', async (_, mark, filters, count) => {
  const conv = { type: 'conv2d', kernelSize: 3, activation: 'relu', padding: 'same' } as const;
  const json: Model = {
    inputShape: [6, 6, 1],
    layers: [
      { ...conv, filters: 4 },
      { ...conv, filters, activation: 'tanh' },
      { ...conv, filters },
      { type: 'flatten' },
      { type: 'dense', units: 3, activation: 'softmax' },
    ],
  };
  const batchSize = 5;
  const hardware = asHardware(most);
  const options = { model: json, batchSize, optimizer: 'sgd' } as const;
  const kernelVariants = Object.fromEntries(
    [...(await tunableKernels(hardware, fillOptions(options)))].flatMap(([key, { kernel, shape }]) => {
      const variant = kernel.variants!(shape, hardware.traits).find((each) => mark in each);
      return variant ? [[key, variant]] : [];
    }),
  );
  expect(Object.keys(kernelVariants)).toHaveLength(count);
  const model = compileModel(json);
  const images = noise(batchSize * 36, 3);
  const labels = [0, 1, 2, 1, 0];
  const trainer = createTrainer(hardware, { ...options, kernelVariants });
  try {
    const weights = await trainer.getWeights();
    const expected = networkGradients(model, weights, images, labels);
    const bounds = boundsOfBatch(model, weights, images, labels);
    expectBatch(model, await trainer.gradients(images, labels), expected, bounds);
    const { dispatches } = await trainer.profile(smallDataset(10), { steps: 1 });
    const joint = dispatches.filter(({ name, variant }) => mark in variant && name.includes(' + '));
    expect(joint.map(({ name }) => name)).toContain('conv2d_backward_w + conv2d_backward_x');
  } finally {
    trainer.dispose();
  }
});

test('a run has bit-identical results, including health, with and without shared launches', async () => {
  const runs = await Promise.all(
    [0, 8, most].map(async (buffers) => {
      const options = {
        model: convolutions,
        batchSize: 4,
        seed: 3,
        augmentation: [{ type: 'randomHorizontalFlip' as const }],
      };
      const trainer = createTrainer(asHardware(buffers), options);
      const records: StepRecord[] = [];
      await trainer.fit(smallDataset(22), { epochs: 3, onStep: (record) => records.push(record) });
      const run = { weights: await trainer.getWeights(), records, joined: await joinedIn(trainer) };
      trainer.dispose();
      return run;
    }),
  );
  const [apart, some, all] = runs;
  expect(apart!.joined).toEqual([]);
  expect(some!.joined.length).toBeGreaterThan(3);
  expect(all!.joined.length).toBeGreaterThanOrEqual(some!.joined.length);
  if (most >= 10) {
    expect(all!.joined).toContain('gradient_norm + layer_statistics');
    expect(all!.joined).toContain('health_reduce + equal_units');
    expect(all!.joined).toContain('dense_forward -> softmax_cross_entropy -> dense_backward_x');
  }
  for (const run of [some!, all!]) {
    expect(run.weights).toEqual(apart!.weights);
    expect(run.records).toEqual(apart!.records);
  }
});

const chain = (loss: string) => `dense_forward -> ${loss} -> dense_backward_x`;

// The last layer writes vectors of four numbers or single ones, and the layer before it reads the loss's gradient in vectors of one, two
// or four; the loss reads and writes single numbers.
test.skipIf(most < 10).each<[string, number, Partial<TrainerOptions>, string | undefined, FitOptions?]>([
  ['3 classes', 3, {}, chain('softmax_cross_entropy')],
  ['10 classes', 10, {}, chain('softmax_cross_entropy')],
  ['8 classes', 8, {}, chain('softmax_cross_entropy')],
  ['soft labels', 3, { augmentation: [{ type: 'mixUp' }] }, chain('softmax_cross_entropy')],
  ['three micro-batches', 3, { accumulationSteps: 3 }, chain('softmax_cross_entropy')],
  [
    'another loss',
    3,
    { loss: { type: 'categoricalCrossentropy', labelSmoothing: 0.1 } },
    chain('categorical_crossentropy'),
  ],
  ['a gradient of four workgroups', 3, { batchSize: 80 }, chain('softmax_cross_entropy')],
  ['a gradient of five workgroups', 3, { batchSize: 128 }, 'dense_forward -> softmax_cross_entropy'],
  // Larger batches need more than one workgroup for the last layer.
  ['outputs of two workgroups', 3, { batchSize: 130 }, undefined],
  // Both kernels read the state, which the loss reads too.
  [
    'dropout before the softmax',
    3,
    {
      model: {
        inputShape: [6, 6, 1],
        layers: [
          { type: 'flatten' },
          { type: 'dense', units: 3 },
          { type: 'dropout', rate: 0.5 },
          { type: 'activation', activation: 'softmax' },
        ],
      },
    },
    'dropout_forward -> softmax_cross_entropy -> dropout_backward',
  ],
  // Only its profile, which takes no weights, has the chain.
  ['sample weights', 3, {}, chain('softmax_cross_entropy'), { classWeight: { 0: 2, 1: 1, 2: 0.5 } }],
])(
  'a loss in one launch with the layer before it gives the same bits: %s',
  async (_, classes, options, expected, fit = {}) => {
    const model: Model = {
      inputShape: [6, 6, 1],
      layers: [
        { type: 'flatten' },
        { type: 'dense', units: 68, activation: 'relu' },
        { type: 'dense', units: classes, activation: 'softmax' },
      ],
    };
    const batchSize = options.batchSize ?? 4;
    const images = smallDataset(2 * batchSize + 2);
    const labels = images.labels.map((_, i) => i % classes);
    const dataset = { ...images, labels, classNames: Array.from({ length: classes }, (_, i) => `${i}`) };
    const runs = await Promise.all(
      [0, most].map(async (buffers) => {
        const trainer = createTrainer(asHardware(buffers), { model, batchSize, seed: 3, ...options });
        const records: StepRecord[] = [];
        await trainer.fit(dataset, { epochs: 2, onStep: (record) => records.push(record), ...fit });
        const { dispatches } = await trainer.profile(dataset, { steps: 1 });
        const run = { weights: await trainer.getWeights(), records };
        trainer.dispose();
        return { ...run, chained: dispatches.map(({ name }) => name).find((name) => name.includes(' -> ')) };
      }),
    );
    const [apart, together] = runs;
    expect(apart!.chained).toBeUndefined();
    expect(together!.chained).toBe(expected);
    expect(together!.weights).toEqual(apart!.weights);
    expect(together!.records).toEqual(apart!.records);
  },
);
