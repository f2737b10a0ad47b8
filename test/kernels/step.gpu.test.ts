import { afterAll, describe, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { checkWeightAverage, type WeightAverageCase } from './average_checks.ts';
import { checkKernel } from './check_kernel.ts';
import { checkBeginStep, checkSumParts } from './step_checks.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const before = { seed: 7, epoch: 2, position: 64, samples: 200, learning_rate: 0.01, step: 41, start: 32, count: 32 };

describe('begin_step', () => {
  test.each<[string, number, Record<string, number>]>([
    ['the control', 32, {}],
    ['the first step', 32, { position: 0, step: 0, start: 0, count: 0 }],
    ['a whole last batch', 32, { position: 168 }],
    ['a short last batch', 32, { position: 199 }],
    ['the whole epoch at once', 200, { position: 0 }],
    ['a batch larger than the epoch', 256, { position: 0 }],
    ['behind the end there is nothing', 32, { position: 200 }],
    ['after a skipped step', 32, { skip: 1, skipped: 3, bad_in_a_row: 1 }],
    ['after a halt the batch stays', 32, { halted: 1, skip: 1, bad_in_a_row: 3 }],
    ['the largest numbers', 65536, { position: 2 ** 32 - 70_000, samples: 2 ** 32 - 1, step: 2 ** 32 - 2 }],
  ])('%s', (_, batch, values) => checkKernel(gpu, checkBeginStep(batch, { ...before, ...values })));
});

describe('sum_parts', () => {
  test.each([
    ['the control', { parts: 5, weights: 288, biases: 32 }],
    ['one part', { parts: 1, weights: 10, biases: 3 }],
    ['one of everything', { parts: 2, weights: 1, biases: 1 }],
    ['a workgroup exactly', { parts: 3, weights: 60, biases: 4 }],
    ['one more', { parts: 3, weights: 60, biases: 5 }],
    ['many parts', { parts: 64, weights: 77, biases: 9 }],
  ])('%s', (_, shape) => checkKernel(gpu, checkSumParts(shape)));
});

describe('weight_average', () => {
  const control: WeightAverageCase = { tensors: [300, 7, 90], momentum: 0.99, t: 20 };
  test.each<[string, Partial<WeightAverageCase>]>([
    ['the control', {}],
    ['the first update', { t: 1 }],
    ['little is kept', { momentum: 0.1 }],
    ['one number', { tensors: [1] }],
    ['one past a chunk', { tensors: [4097, 3] }],
    ['the weights become their average', { overwriteEvery: 5 }],
    ['not after this update', { overwriteEvery: 7 }],
    ['after every update', { overwriteEvery: 1 }],
  ])('%s', (_, departure) => checkKernel(gpu, checkWeightAverage({ ...control, ...departure })));
});
