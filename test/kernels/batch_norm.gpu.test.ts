import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import {
  batchNormChunks,
  batchNormCombine,
  batchNormForward,
  batchNormStatistics,
  statisticsElements,
  varianceAt,
} from '../../src/kernels/batch_norm.ts';
import * as reference from '../../src/reference/batch_norm.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import {
  type BatchNormCase,
  checkBatchNormBackwardSums,
  checkBatchNormBackwardX,
  checkBatchNormCombine,
  checkBatchNormFold,
  checkBatchNormForward,
  checkBatchNormMove,
  checkBatchNormPend,
  checkBatchNormSettle,
  checkBatchNormStatistics,
} from '../../src/selftest/kernels/batch_norm_checks.ts';
import { cacheOf, checkKernel, floats, type KernelCheck, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { anyUlp } from '../../src/selftest/kernels/norm_bounds.ts';
import { stateOf } from '../../src/selftest/kernels/state_words.ts';
import { numbers } from '../reference/central_differences.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const control: BatchNormCase = {
  batch: 3,
  count: 3,
  pixels: 9,
  channels: 8,
  chunks: 2,
  epsilon: 1e-3,
  scale: true,
  center: true,
  residual: false,
  activation: 'linear',
  inActivation: 'linear',
  frozen: false,
  useBias: true,
};

type Departures = Record<string, Partial<BatchNormCase>>;

const everywhere: Departures = {
  'the control': {},
  'one sample': { batch: 1, count: 1, chunks: 1 },
  // There are two rows: the sabotage turns one into none, and the combined mean would be the same.
  'one of everything else': { batch: 1, count: 1, chunks: 1, pixels: 2, channels: 1 },
  'a short batch': { batch: 5, count: 2 },
  'a short batch, its last chunks empty': { batch: 7, count: 1, chunks: 6 },
  'one chunk': { chunks: 1 },
  'more chunks than rows fill': { chunks: 12 },
  'one pixel': { batch: 33, count: 33, pixels: 1, channels: 64 },
  'one channel': { channels: 1 },
  'three channels': { channels: 3 },
  'four channels': { channels: 4 },
  'twenty channels': { channels: 20 },
  'more columns than a workgroup has': { channels: 268, pixels: 3 },
  'and no multiple of four': { channels: 67, pixels: 3 },
  'more than a workgroup': { batch: 5, count: 5, pixels: 130, channels: 16, chunks: 4 },
  'a large mean': { mean: 1e4, pixels: 40 },
};
// Rounding errors accumulate in one direction when the same number is added repeatedly, so the second pass corrects the most.
const constant: Departures = {
  'a large constant': { mean: 15666.405, spread: 0, count: 2, pixels: 300, chunks: 2 },
  'a large constant, three channels': { mean: 15666.405, spread: 0, count: 2, pixels: 300, channels: 3 },
  'a large constant in many chunks': { mean: 15666.405, spread: 0, pixels: 300, chunks: 100 },
};
const parameters: Departures = { 'no gamma': { scale: false }, 'no beta': { center: false } };
const activations: Departures = {
  'a residual': { residual: true },
  'a residual and relu': { residual: true, activation: 'relu' },
  tanh: { activation: 'tanh' },
  'sigmoid, three channels': { activation: 'sigmoid', channels: 3 },
};
const inActivations: Departures = {
  'relu made x': { inActivation: 'relu' },
  'sigmoid made x, three channels': { inActivation: 'sigmoid', channels: 3 },
  frozen: { frozen: true },
  'frozen, a short batch, no gamma': { frozen: true, batch: 5, count: 2, scale: false },
  'frozen, tanh made x': { frozen: true, inActivation: 'tanh', batch: 4, count: 3 },
};

const passes: Record<string, { check: (c: BatchNormCase) => KernelCheck<never>; departures: Departures }> = {
  batch_norm_statistics: { check: checkBatchNormStatistics, departures: { ...everywhere, ...constant } },
  batch_norm_combine: {
    check: checkBatchNormCombine,
    departures: { ...everywhere, ...constant, 'as many chunks as can be': { chunks: 128, pixels: 50 } },
  },
  batch_norm_forward: { check: checkBatchNormForward, departures: { ...everywhere, ...parameters, ...activations } },
  batch_norm_backward_sums: { check: checkBatchNormBackwardSums, departures: everywhere },
  batch_norm_backward_x: {
    check: checkBatchNormBackwardX,
    departures: { ...everywhere, 'no gamma': { scale: false }, ...inActivations },
  },
  batch_norm_fold: {
    check: checkBatchNormFold,
    departures: { ...everywhere, ...parameters, 'no bias': { useBias: false } },
  },
} as never;

const activation = fc.constantFrom('linear' as const, 'relu' as const, 'tanh' as const, 'sigmoid' as const);
const anyCase: fc.Arbitrary<BatchNormCase> = fc
  .record({
    batch: fc.integer({ min: 1, max: 6 }),
    empty: fc.integer({ min: 0, max: 5 }),
    pixels: fc.integer({ min: 1, max: 40 }),
    channels: fc.integer({ min: 1, max: 24 }),
    chunks: fc.integer({ min: 1, max: 6 }),
    epsilon: fc.constantFrom(1e-3, 1e-5),
    scale: fc.boolean(),
    center: fc.boolean(),
    residual: fc.boolean(),
    activation,
    inActivation: activation,
    frozen: fc.boolean(),
    useBias: fc.boolean(),
    mean: fc.constantFrom(0, 30),
  })
  // The sabotage increments an even count of samples, and the additional slot must exist to make a difference.
  .map(({ empty, batch, ...rest }) => {
    const count = Math.max(1, batch - empty);
    // Values outside of the activation's range would have impossible derivatives.
    const mean = rest.inActivation === 'linear' ? rest.mean : 0;
    return { ...rest, mean, count, batch: count === batch && count % 2 === 0 ? batch + 1 : batch };
  });

describe.each(Object.entries(passes))('%s', (_, { check, departures }) => {
  test.each(Object.entries(departures))('%s', (_, departure) => checkKernel(gpu, check({ ...control, ...departure })));

  test('random shapes', async () => {
    const property = fc.asyncProperty(anyCase, fc.nat(1000), (c, seed) =>
      checkKernel(gpu, check(c), { seed, pick: seed }),
    );
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

describe('batch_norm_move', () => {
  const layers = { layers: [8, 3, 64, 300], momenta: [0.99, 0.9, 0.5, 0] };
  test('all layers', () => checkKernel(gpu, checkBatchNormMove(layers)));
  test('one layer of one channel', () => checkKernel(gpu, checkBatchNormMove({ layers: [1], momenta: [0.99] })));
  test('a skipped step changes nothing', async () => {
    const { kernel, shape, given, twin } = checkBatchNormMove({ ...layers, skip: true });
    for (const variant of variantsOf(kernel, shape, gpu.traits)) {
      const launch = await launchGuarded(gpu, cacheOf(gpu), kernel, shape, variant);
      const { moving } = await launch.run(given as never);
      twin(given as never).moving!('moving', moving!);
      launch.dispose();
    }
  });
});

describe('moving statistics of a step with several micro-batches', () => {
  const layers = { layers: [8, 3, 64, 300], momenta: [0.99, 0.9, 0.5, 0.1] };
  test('after the first', () => checkKernel(gpu, checkBatchNormPend({ ...layers, first: true })));
  test('after another', () => checkKernel(gpu, checkBatchNormPend({ ...layers, first: false })));
  test('after the step', () => checkKernel(gpu, checkBatchNormSettle(layers)));
});

describe('statistics, combined, normalize', () => {
  /** Runs the three dispatches in sequence, with the chunks that a plan uses. */
  async function normalized(x: Float32Array, c: BatchNormCase) {
    const s = { ...c, chunks: batchNormChunks(c) };
    const state = stateOf({ count: c.count });
    const run = async <S>(
      kernel: KernelCheck<S>['kernel'],
      shape: S,
      given: Record<string, Float32Array | Uint32Array>,
    ) => {
      const launch = await launchGuarded(gpu, cacheOf(gpu), kernel, shape, variantsOf(kernel, shape, gpu.traits)[0]!);
      const outputs = await launch.run(given);
      launch.dispose();
      return Object.fromEntries(Object.entries(outputs).map(([name, bits]) => [name, floats(bits)]));
    };
    const { partials } = await run(batchNormStatistics, s, { x, state });
    const { statistics } = await run(batchNormCombine, s, { partials: partials!, state });
    const { y } = await run(batchNormForward, s, { x, statistics: statistics! });
    expect(statistics).toHaveLength(statisticsElements(c.channels));
    return {
      chunks: s.chunks,
      mean: statistics!.subarray(0, c.channels),
      variance: statistics!.subarray(varianceAt(c.channels)),
      y: y!,
    };
  }

  // Subtracting the square of the sum from the sum of squares would give errors of ten and more. The remaining error comes from the
  // float32 spacing of 2^-10 at 10,000, which limits the precision of the means of chunks and of the batch.
  test.each([
    [64, 64, 256],
    [3, 100, 600],
    [16, 32, 1024],
    [4, 8, 1],
  ])('%i channels of %i samples of %i pixels, mean 10,000: stable', async (channels, batch, pixels) => {
    const c = { ...control, channels, batch, count: batch, pixels, scale: false, center: false };
    const x = Float32Array.from(numbers(batch * pixels * channels, 3), (u) => 1e4 + u);
    const { mean, variance, y, chunks } = await normalized(x, c);
    expect(chunks > 1).toBe(pixels > 1);
    const exact = reference.batchStatistics(c, { x, count: batch });
    const rows = Math.ceil((batch * pixels) / chunks);
    const step = 2 ** -10;
    // A chunk's mean is rounded once; the error of its rows' deviation sum stays far below the spacing. The mean of the batch is
    // rounded once more.
    expectWithin('mean', mean, exact.mean, 2 * step);
    // With means that have an error of one spacing each, squared differences between chunks have an error of two spacings times the
    // difference.
    const { partials } = reference.batchNormStatistics({ ...c, chunks }, { x, count: batch });
    const ofVariance = exact.variance.map((v, channel) => {
      let between = 0;
      for (let k = 0; k < chunks; k++)
        between += Math.abs(partials[2 * k * channels + channel]! - exact.mean[channel]!);
      return (rows + chunks) * anyUlp * v + 3 * step * (between / chunks + 3 * step);
    });
    expectWithin('variance', variance, exact.variance, ofVariance);
    const expected = reference.batchNormForward(c, { x, ...exact }).y;
    const ofY = expected.map((value, i) => {
      const [v, off] = [exact.variance[i % channels]! + c.epsilon, ofVariance[i % channels]!];
      return (2 * step) / Math.sqrt(v) + Math.abs(value) * (off / v + 9 * anyUlp);
    });
    expectWithin('y', y, expected, ofY);
    // The bounds themselves are tight: a fraction of the deviation that is negligible in training.
    expect(ofVariance.every((bound) => bound < 1e-3)).toBe(true);
    expect(ofY.every((bound) => bound < 1e-2)).toBe(true);
  });

  test('values in empty slots do not change any bit', async () => {
    const c = { ...control, batch: 6, count: 4, scale: false, center: false };
    const x = Float32Array.from(numbers(c.batch * c.pixels * c.channels, 3));
    const real = c.count * c.pixels * c.channels;
    const first = await normalized(x, c);
    const second = await normalized(
      x.map((v, i) => (i < real ? v : Number.NaN)),
      c,
    );
    for (const name of ['mean', 'variance'] as const) expectWithin(name, second[name], first[name], 0);
    expectWithin('y', second.y.subarray(0, real), first.y.subarray(0, real), 0);
  });

  test('a NaN in a real sample affects only its channel', async () => {
    const c = { ...control, scale: false, center: false };
    const x = Float32Array.from(numbers(c.batch * c.pixels * c.channels, 3));
    x[5 * c.channels + 2] = Number.NaN;
    const { mean, variance, y } = await normalized(x, c);
    for (let channel = 0; channel < c.channels; channel++) {
      const bad = channel === 2;
      expect([mean[channel]!, variance[channel]!].map(Number.isNaN)).toEqual([bad, bad]);
      expect([...y].every((v, i) => i % c.channels !== channel || Number.isNaN(v) === bad)).toBe(true);
    }
  });
});
