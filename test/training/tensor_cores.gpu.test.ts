import { afterAll, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { createTrainer, type KernelVariants, type Model, selfTest } from '../../src/index.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { tunableKernels } from '../../src/train/plan_engine.ts';
import { fillOptions } from '../../src/train/trainer_options.ts';
import { gpu as plain } from '../gpu/shared_gpu.ts';
import { emulatedGpu, emulatedMatrices } from '../kernels/emulated_subgroup_matrix.ts';
import { trainOnce } from './forced_variants.ts';
import { batchOf, smallDataset } from './small.ts';

// Tensor cores from end to end, with emulated subgroup matrices.

const matrix = emulatedMatrices['16 x 16 x 16']!;
const how = { gpu: emulatedGpu(matrix), tensorCores: true };
const gpu: Gpu = await openGpu(how);
afterAll(() => gpu.dispose());

const dataset = smallDataset(4);
const [images, labels] = batchOf(dataset, 0, 4);

/** Without kinks, at which a gradient of rounded numbers could be another one. */
const model: Model = {
  inputShape: [...dataset.imageShape] as Model['inputShape'],
  layers: [
    { type: 'conv2d', filters: 20, kernelSize: [3, 3], padding: 'same', activation: 'tanh' },
    { type: 'conv2d', filters: 36, kernelSize: [3, 3], strides: [2, 2], activation: 'tanh' },
    { type: 'flatten' },
    { type: 'dense', units: 40, activation: 'tanh' },
    { type: 'dense', units: dataset.classNames!.length, activation: 'softmax' },
  ],
};
const options = { model, batchSize: 4, seed: 3 };

const tunable = [...(await tunableKernels(gpu, fillOptions(options)))];
const onTensorCores = (at: Gpu): KernelVariants =>
  Object.fromEntries(
    tunable.flatMap(([key, { kernel, shape }]) => {
      const variant = kernel.variants!(shape, at.traits).find(({ subgroupMatrix }) => subgroupMatrix);
      return variant ? [[key, variant]] : [];
    }),
  );

test('their variants are listed only on a device that was opened with them, and are never the default', () => {
  expect(Object.keys(onTensorCores(gpu)).map((key) => key.split(' ')[0])).toEqual(
    expect.arrayContaining([
      ...['conv2d_forward', 'conv2d_backward_x', 'conv2d_backward_w'],
      ...['dense_forward', 'dense_backward_x', 'dense_backward_w'],
    ]),
  );
  expect(onTensorCores(plain)).toEqual({});
  for (const [, { kernel, shape }] of tunable) {
    expect(kernel.variants!(shape, gpu.traits)[0]).not.toHaveProperty('subgroupMatrix');
  }
});

test('a device without them says how to get the variant of a run that was trained with them', async () => {
  const trainer = createTrainer(plain, { ...options, kernelVariants: onTensorCores(gpu) });
  try {
    await expect(trainer.trainOnBatch(images, labels)).rejects.toThrow(
      /cannot run \w+ in the variant[\s\S]*subgroupMatrix true.*needs tensor cores \(tensorCores of openGpu, or --tensor-cores\)/,
    );
  } finally {
    trainer.dispose();
  }
});

/** The distance of two tensors, relative to the second. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [off, all] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    off += (actual[i]! - expected[i]!) ** 2;
    all += expected[i]! ** 2;
  }
  return Math.sqrt(off / all);
}

test('a network gets gradients that differ from the float64 twin as factors in float16 do', async () => {
  const kernelVariants = onTensorCores(gpu);
  const train = () => trainOnce({ ...options, kernelVariants }, dataset, gpu);
  const { model, weights, batch, dispatches, ...end } = await train();
  const ran = dispatches.filter(({ variant }) => variant.subgroupMatrix);
  expect(ran).toHaveLength(Object.keys(kernelVariants).length);
  const expected = networkGradients(
    model,
    weights.map((w) => Float64Array.from(w)),
    Float64Array.from(images),
    labels,
  );
  const distances = batch.gradients.map((gradient, i) => distance(gradient, expected.gradients[i]!));
  // A float16 is off by 2^-12 on average; float32 would be closer than 2^-20.
  expect(Math.max(...distances)).toBeLessThan(2 ** -8);
  expect(Math.max(...distances)).toBeGreaterThan(2 ** -14);
  // Their sums have a fixed order, so a second run is bit-identical.
  const again = await train();
  expect([again.loss, again.after]).toEqual([end.loss, end.after]);
});

test('the self-test checks them, if the device is opened with them', async () => {
  const { passed, checks } = await selfTest({ gpu: how, only: 'conv2d_matrix' });
  expect(checks.filter((check) => !check.passed)).toEqual([]);
  expect(passed).toBe(true);
  expect(new Set(checks.map(({ name }) => name)).size).toBe(3);
  await expect(selfTest({ only: 'conv2d_matrix' })).rejects.toThrow('No check of the self-test has such a name');
});
