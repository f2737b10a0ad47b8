import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { Kernel } from '../../src/gpu/kernel.ts';
import { groupNormBackwardX, groupNormForward } from '../../src/kernels/group_norm.ts';
import { cacheOf, checkKernel, floats, type KernelCheck, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';
import {
  checkGroupNormBackwardSums,
  checkGroupNormBackwardX,
  checkGroupNormForward,
  checkLayerNormBackwardSums,
  checkLayerNormBackwardX,
  checkLayerNormForward,
  type GroupNormCase,
  type LayerNormCase,
} from '../../src/selftest/kernels/group_norm_checks.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { stateOf } from '../../src/selftest/kernels/state_words.ts';
import { numbers } from '../reference/central_differences.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const options = {
  count: 3,
  chunks: 2,
  epsilon: 1e-3,
  scale: true,
  center: true,
  residual: false,
  activation: 'linear',
  inActivation: 'linear',
  keepsStatistics: true,
} as const;

const group: GroupNormCase = { ...options, instances: 3, instancesPerSample: 1, pixels: 9, channels: 16, groups: 4 };
const layer: LayerNormCase = { ...options, batch: 3, rows: 5, size: 16 };

const groups: Record<string, Partial<GroupNormCase>> = {
  'the control': {},
  'one instance': { instances: 1, count: 1 },
  // A single normalized element is 0 and hides its gamma.
  'one of everything': { instances: 1, count: 1, pixels: 1, channels: 1, groups: 1, chunks: 1, scale: false },
  'a short batch': { instances: 5, count: 2 },
  'a short batch, its last chunks empty': { instances: 7, count: 1, chunks: 6 },
  'one group': { groups: 1 },
  'a group for each channel': { groups: 16 },
  'groups of three channels': { channels: 12, groups: 4 },
  'groups of twelve channels': { channels: 24, groups: 2 },
  'groups of twenty channels': { channels: 20, groups: 1, pixels: 7 },
  'one pixel': { pixels: 1, channels: 64, groups: 4 },
  'one pixel, groups of three channels': { pixels: 1, channels: 9, groups: 3 },
  'more groups than a workgroup has': { instances: 5, count: 5, pixels: 1, channels: 260, groups: 65 },
  'more pixels than a workgroup has': { pixels: 300, channels: 8, groups: 2 },
  'more columns than a workgroup has': { pixels: 2, channels: 1200, groups: 1 },
  'several instances in a sample': { instances: 6, instancesPerSample: 2 },
  'a large mean': { mean: 1e4, pixels: 40 },
};
const layers: Record<string, Partial<LayerNormCase>> = {
  'the control': {},
  'one row': { batch: 1, count: 1, rows: 1, chunks: 1 },
  'a short batch': { batch: 5, count: 2 },
  'one element': { size: 1, scale: false },
  'three elements': { size: 3 },
  'four elements': { size: 4 },
  'twenty elements': { size: 20 },
  'sixty-four elements': { size: 64 },
  'more rows than a workgroup has': { batch: 5, count: 5, rows: 130, size: 4 },
  'a row longer than a workgroup': { rows: 1, size: 1100 },
  'such a row, of no multiple of four': { rows: 1, size: 275 },
  'a large mean': { mean: 1e4, size: 200 },
};
const forwards = {
  'no gamma': { scale: false },
  'no beta': { center: false },
  'a residual and relu': { residual: true, activation: 'relu' },
  'tanh, nothing kept': { activation: 'tanh', keepsStatistics: false },
} as const;
// Rounding errors accumulate in one direction when the same number is added repeatedly, so the second pass corrects the most.
const constant = {
  'a large constant': { mean: 15666.405, spread: 0, pixels: 100, scale: false },
  'a large constant, groups of three channels': { mean: 15666.405, spread: 0, pixels: 100, channels: 12, scale: false },
};
const odd = { 'sigmoid, three channels': { activation: 'sigmoid', channels: 3, groups: 1 } } as const;
const backwards = {
  'no gamma': { scale: false },
  'relu made x': { inActivation: 'relu' },
  'tanh made x, a short batch': { inActivation: 'tanh', count: 1 },
} as const;
const oddBackwards = { 'sigmoid made x, three channels': { inActivation: 'sigmoid', channels: 3, groups: 1 } } as const;

const activation = fc.constantFrom('linear' as const, 'relu' as const, 'tanh' as const, 'sigmoid' as const);
const anyOptions = {
  batch: fc.integer({ min: 1, max: 5 }),
  empty: fc.integer({ min: 0, max: 4 }),
  chunks: fc.integer({ min: 1, max: 5 }),
  epsilon: fc.constantFrom(1e-3, 1e-5),
  scale: fc.boolean(),
  center: fc.boolean(),
  residual: fc.boolean(),
  activation,
  inActivation: activation,
  keepsStatistics: fc.boolean(),
  mean: fc.constantFrom(0, 30),
};
// Values outside of the activation's range would have impossible derivatives.
const noMeanAfterActivations = <C extends { inActivation: string; mean?: number }>(c: C): C =>
  c.inActivation === 'linear' ? c : { ...c, mean: 0 };

/** The sabotage increments an even count of samples, and the additional slot must exist to make a difference. */
function countOf(batch: number, empty: number) {
  const count = Math.max(1, batch - empty);
  return { count, batch: count === batch && count % 2 === 0 ? batch + 1 : batch };
}
const anyGroup: fc.Arbitrary<GroupNormCase> = fc
  .record({
    ...anyOptions,
    pixels: fc.integer({ min: 1, max: 30 }),
    groups: fc.integer({ min: 1, max: 6 }),
    groupChannels: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ batch, empty, groupChannels, ...rest }) => {
    const counted = countOf(batch, empty);
    const channels = rest.groups * groupChannels;
    return { ...rest, instances: counted.batch, count: counted.count, instancesPerSample: 1, channels };
  })
  .filter((c) => c.pixels * c.channels > c.groups)
  .map(noMeanAfterActivations);
const anyLayer: fc.Arbitrary<LayerNormCase> = fc
  .record({ ...anyOptions, rows: fc.integer({ min: 1, max: 8 }), size: fc.integer({ min: 2, max: 40 }) })
  .map(({ batch, empty, ...rest }) => ({ ...rest, ...countOf(batch, empty) }))
  .map(noMeanAfterActivations);

const passes = {
  group_norm_forward: [checkGroupNormForward, group, { ...groups, ...constant, ...forwards, ...odd }, anyGroup],
  group_norm_backward_x: [checkGroupNormBackwardX, group, { ...groups, ...backwards, ...oddBackwards }, anyGroup],
  group_norm_backward_sums: [checkGroupNormBackwardSums, group, groups, anyGroup],
  layer_norm_forward: [checkLayerNormForward, layer, { ...layers, ...forwards }, anyLayer],
  layer_norm_backward_x: [checkLayerNormBackwardX, layer, { ...layers, ...backwards }, anyLayer],
  layer_norm_backward_sums: [checkLayerNormBackwardSums, layer, layers, anyLayer],
} as unknown as Record<
  string,
  [(c: object) => KernelCheck<object>, object, Record<string, object>, fc.Arbitrary<object>]
>;

describe.each(Object.entries(passes))('%s', (name, [check, control, departures, any]) => {
  test.each(Object.entries(departures))('%s', (_, departure) => checkKernel(gpu, check({ ...control, ...departure })));

  test('random shapes', async () => {
    const property = fc.asyncProperty(any, fc.nat(1000), (c, seed) => checkKernel(gpu, check(c), { seed, pick: seed }));
    // Layer normalization uses group normalization's shaders.
    await fc.assert(property, { seed: 1, numRuns: name.startsWith('layer') ? 5 : 12 });
  });
});

test('a NaN affects only its unit', async () => {
  const run = async <S>(kernel: Kernel<S>, shape: S, given: Record<string, Float32Array | Uint32Array>) => {
    const found: Record<string, Float32Array>[] = [];
    for (const variant of variantsOf(kernel, shape, gpu.traits)) {
      const launch = await launchGuarded(gpu, cacheOf(gpu), kernel, shape, variant);
      const outputs = await launch.run(given);
      launch.dispose();
      found.push(Object.fromEntries(Object.entries(outputs).map(([name, bits]) => [name, floats(bits)])));
    }
    return found;
  };
  const c: GroupNormCase = { ...group, scale: false, center: false, activation: 'relu' };
  const x = Float32Array.from(numbers(3 * 9 * 16, 1));
  const dy = Float32Array.from(numbers(x.length, 2));
  // Group 1 of instance 1.
  x[(9 + 4) * 16 + 6] = Number.NaN;
  const isOfUnit = (i: number) => Math.floor(i / 9 / 16) === 1 && Math.floor((i % 16) / 4) === 1;
  for (const { y, statistics } of await run(groupNormForward, c, { x })) {
    expect([...y!].every((v, i) => Number.isNaN(v) === isOfUnit(i))).toBe(true);
    for (const { dx } of await run(groupNormBackwardX, c, {
      x,
      dy,
      statistics: statistics!,
      state: stateOf({ count: 3 }),
    })) {
      expect([...dx!].every((v, i) => Number.isNaN(v) === isOfUnit(i))).toBe(true);
    }
  }
});
