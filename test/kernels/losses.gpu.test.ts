import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { recordField } from '../../src/kernels/record.ts';
import type { LossConfig } from '../../src/model/loss.ts';
import { fillLoss } from '../../src/model/loss.ts';
import { lossTypes } from '../../src/model/losses/index.ts';
import { loadFurtherTraining } from '../../src/plan/loaded_training.ts';
import { lossLaunch } from '../../src/plan/losses/index.ts';
import { cacheOf, checkKernel, floats } from '../../src/selftest/kernels/check_kernel.ts';
import { checkGatherRows } from '../../src/selftest/kernels/gather_checks.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { checkLoss, type OptionedLossCase } from '../../src/selftest/kernels/optioned_loss_checks.ts';
import { stateOf } from '../../src/selftest/kernels/state_words.ts';

await loadFurtherTraining();

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const control: Omit<OptionedLossCase, 'loss'> = {
  batch: 12,
  outputs: 5,
  count: 12,
  soft: false,
  weighted: false,
  step: 3,
  record: { words: 12, slots: 5 },
  scale: 4,
};

const losses: Record<string, LossConfig> = {
  'sparse, smoothed': { type: 'sparseCategoricalCrossentropy', labelSmoothing: 0.1 },
  'categorical, smoothed': { type: 'categoricalCrossentropy', labelSmoothing: 0.25 },
  focal: 'categoricalFocalCrossentropy',
  'focal of a small power, smoothed': {
    type: 'categoricalFocalCrossentropy',
    alpha: 1,
    gamma: 0.5,
    labelSmoothing: 0.125,
  },
  binary: 'binaryCrossentropy',
  'binary, smoothed': { type: 'binaryCrossentropy', labelSmoothing: 0.2 },
  'mean squared error': 'meanSquaredError',
  'mean absolute error': 'meanAbsoluteError',
  huber: 'huber',
  'huber of a small delta': { type: 'huber', delta: 0.25 },
};

const departures: Record<string, Partial<OptionedLossCase>> = {
  'the control': {},
  'weights, a short batch': { weighted: true, count: 7 },
  'few outputs, more samples than invocations': { outputs: 2, batch: 130, count: 127, weighted: true },
  'targets or shares': { soft: true, weighted: true },
  'large numbers, penalties': { scale: 40, penalties: 3 },
};

test.each([
  { slots: 9, rows: 5, width: 3 },
  { slots: 70, rows: 4, width: 1 },
])('rows of a table: %o', (shape) => checkKernel(gpu, checkGatherRows(shape)));

const ofOneOutput = ['binaryCrossentropy', 'meanSquaredError', 'meanAbsoluteError', 'huber'] as const;
test.each(ofOneOutput)('%s of one output', (loss) =>
  checkKernel(gpu, checkLoss({ ...control, loss, outputs: 1, weighted: true })),
);

test('every loss is tested', () => {
  expect(new Set(Object.values(losses).map((config) => fillLoss(config).type))).toEqual(new Set(lossTypes));
});

describe.each(Object.entries(losses))('%s', (_, loss) => {
  test.each(Object.entries(departures))('%s', (_, departure) =>
    checkKernel(gpu, checkLoss({ ...control, loss, ...departure })),
  );
});

test.each(Object.entries(losses))('%s of a NaN output is NaN, and so is its gradient', async (_, loss) => {
  const size = { batch: 2, outputs: 2, penalties: 0, record: { words: 8, slots: 1 }, soft: true, weighted: false };
  const { kernel, shape } = lossLaunch(fillLoss(loss), size);
  const launch = await launchGuarded(gpu, cacheOf(gpu), kernel, shape, {});
  const { p, dz, records } = await launch.run({
    z: Float32Array.of(Number.NaN, 1, 2, 3),
    targets: Float32Array.of(1, 0, 0, 1),
    state: stateOf({ count: 2 }),
  });
  launch.dispose();
  expect([floats(p!)[0], floats(dz!)[0], floats(records!)[recordField.loss]]).toEqual([NaN, NaN, NaN]);
  expect(floats(dz!)[2]).not.toBeNaN();
});
