import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { activationNames } from '../../src/kernels/activation.ts';
import { checkKernel } from '../../src/selftest/kernels/check_kernel.ts';
import { checkEqualUnits, type EqualUnitsCase } from '../../src/selftest/kernels/equal_units_checks.ts';
import {
  checkHealthReduce,
  checkLayerStatistics,
  type StatisticsCase,
  type TensorCase,
} from '../../src/selftest/kernels/health_checks.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const control: StatisticsCase = {
  batch: 5,
  count: 5,
  tensors: [
    { pixels: 9, channels: 8, activation: 'relu' },
    { pixels: 1, channels: 12, activation: 'tanh' },
    { pixels: 9, channels: 8, gradient: true },
    { pixels: 1, channels: 12, gradient: true },
  ],
};
const alone = (tensor: TensorCase, count = 3): StatisticsCase => ({
  batch: 4,
  count,
  tensors: [tensor, { ...tensor, gradient: true }, { ...tensor, gradient: true }, tensor],
});

describe('layer_statistics', () => {
  test.each<[string, StatisticsCase]>([
    ['the control', control],
    ['a short batch', { ...control, count: 3 }],
    ['one sample', { ...control, count: 1 }],
    ['sigmoid', alone({ pixels: 5, channels: 4, activation: 'sigmoid' })],
    ['linear', alone({ pixels: 5, channels: 4 })],
    ['one channel', alone({ pixels: 7, channels: 1, activation: 'relu' })],
    ['two channels', alone({ pixels: 7, channels: 2, activation: 'relu' })],
    ['three channels, the last vec4 shared', alone({ pixels: 3, channels: 3, activation: 'relu' })],
    ['ten logits', alone({ pixels: 1, channels: 10 })],
    ['more units than a workgroup is wide', alone({ pixels: 1, channels: 1060, activation: 'relu' })],
    ['... and an odd number of them', alone({ pixels: 2, channels: 301, activation: 'relu' })],
    ['several chunks', alone({ pixels: 700, channels: 8, activation: 'relu' })],
    ['dead channels', alone({ pixels: 6, channels: 40, activation: 'relu', change: (v, i) => (i % 40 > 20 ? 0 : v) })],
    ['a tanh that is stuck', alone({ pixels: 50, channels: 4, activation: 'tanh', change: (v) => 0.9999 + 1e-6 * v })],
    ...(['relu6', 'elu', 'selu', 'softplus', 'softsign', 'hardSigmoid', 'exponential'] as const).map(
      (activation): [string, StatisticsCase] => [activation, alone({ pixels: 50, channels: 4, activation })],
    ),
    ['tiny gradients', alone({ pixels: 5, channels: 4, change: (v) => 1e-22 * v })],
    ['huge gradients', alone({ pixels: 5, channels: 4, change: (v) => 1e18 * v })],
  ])('%s', (_, it) => checkKernel(gpu, checkLayerStatistics(it)));

  test.each([Number.NaN, Infinity, -Infinity])('%s is counted wherever it stands', async (bad) => {
    for (const at of [0, 5, 63]) {
      const tensor: TensorCase = {
        pixels: 7,
        channels: 3,
        activation: 'relu',
        change: (v, i) => (i === at % 63 ? bad : v),
      };
      const { tensors, ...batch } = alone(tensor);
      await checkKernel(gpu, checkLayerStatistics({ ...batch, tensors: [...tensors, ...control.tensors] }), {
        pick: 0,
      });
    }
  });

  test('random tensors', async () => {
    const tensor = fc.record({
      pixels: fc.integer({ min: 1, max: 40 }),
      channels: fc.integer({ min: 1, max: 70 }),
      activation: fc.constantFrom(...activationNames),
      gradient: fc.boolean(),
    });
    const cases = fc.record({
      batch: fc.integer({ min: 1, max: 6 }),
      empty: fc.integer({ min: 0, max: 5 }),
      tensors: fc.array(tensor, { minLength: 2, maxLength: 5 }),
    });
    let pick = 0;
    const property = fc.asyncProperty(cases, ({ batch, empty, tensors }) =>
      checkKernel(gpu, checkStatisticsOf(batch, empty, tensors as TensorCase[]), { pick: pick++ }),
    );
    await fc.assert(property, { seed: 1, numRuns: 10 });
    expect(pick).toBe(10);
  });
});

/** No arena is empty, because the sabotage of an unused element would go unnoticed. */
const checkStatisticsOf = (batch: number, empty: number, tensors: TensorCase[]) => {
  const count = Math.max(1, batch - empty);
  // The sabotage increments an even count of samples, and the additional slot must exist.
  const slots = count === batch && count % 2 === 0 ? batch + 1 : batch;
  return checkLayerStatistics({ batch: slots, count, tensors: [...control.tensors, ...tensors] });
};

describe('health_reduce', () => {
  const layer = { values: 3, deltas: 2, units: 40 };
  test.each([
    ['the control', { layers: [layer, { ...layer, units: 0 }], tensors: [3, 1] }],
    ['more chunks than a workgroup is wide', { layers: [{ values: 300, deltas: 290, units: 9 }], tensors: [600, 2] }],
    ['gradients of the large scale', { layers: [layer], tensors: [1], large: true }],
    ['more words of units than a workgroup is wide', { layers: [{ ...layer, units: 9000 }], tensors: [2] }],
    ['all units of a word', { layers: [{ ...layer, units: 64 }], tensors: [2] }],
  ])('%s', (_, it) => checkKernel(gpu, checkHealthReduce(it)));
});

describe('equal_units', () => {
  const pairs = (unit: number) => Math.floor(unit / 2);
  test.each<[string, EqualUnitsCase]>([
    [
      'the control',
      {
        layers: [
          { rows: 9, units: 12, kind: pairs },
          { rows: 4, units: 7 },
        ],
      },
    ],
    ['all units of a layer equal', { layers: [{ rows: 30, units: 64, kind: () => 0 }] }],
    ['one that equals another', { layers: [{ rows: 3, units: 9, kind: (unit) => (unit === 7 ? 2 : unit) }] }],
    [
      'no bias, and a layer without a kernel',
      { layers: [undefined, { rows: 5, units: 10, bias: false, kind: pairs }] },
    ],
    [
      'one unit',
      {
        layers: [
          { rows: 5, units: 1 },
          { rows: 2, units: 4, kind: pairs },
        ],
      },
    ],
    ['more units than are compared', { layers: [{ rows: 2, units: 600, kind: pairs }] }],
    ['a short batch', { layers: [{ rows: 2, units: 4, kind: pairs }], batch: 5, samples: 2 }],
    ['more numbers than are looked at', { layers: [{ rows: 2, units: 4, kind: pairs }], inputElements: 1900 }],
    ['numbers far from zero', { layers: [{ rows: 2, units: 4, kind: pairs }], mean: 1000 }],
  ])('%s', (_, it) => checkKernel(gpu, checkEqualUnits(it)));
});
