import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { Activation } from '../../src/kernels/activation.ts';
import { mergeBackward, mergeForward } from '../../src/kernels/merge.ts';
import { sumGradients } from '../../src/kernels/sum_gradients.ts';
import { cacheOf, checkKernel, floats } from '../../src/selftest/kernels/check_kernel.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import {
  checkMergeBackward,
  checkMergeForward,
  checkSumGradients,
  type MergeCase,
  mergeShape,
} from '../../src/selftest/kernels/merge_checks.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

type Axes = MergeCase['broadcast'][number];
const whole: Axes = [false, false, false];
const perChannel: Axes = [true, true, false];
const perPixel: Axes = [false, false, true];
const perSample: Axes = [true, true, true];

const operations = ['add', 'multiply', 'average', 'maximum'] as const;
const control: Omit<MergeCase, 'operation'> = { batch: 2, size: [3, 5, 8], broadcast: [whole, whole] };

const departures: Record<string, Partial<MergeCase>> = {
  'the control': {},
  'one of everything': { batch: 1, size: [1, 1, 1] },
  'three inputs': { broadcast: [whole, whole, whole] },
  'four inputs': { broadcast: [whole, whole, whole, whole] },
  'channels not a multiple of four': { size: [3, 5, 6] },
  'elements not a multiple of four': { batch: 3, size: [3, 3, 3], broadcast: [whole, whole, whole] },
  'more than a workgroup': { batch: 1, size: [1, 1, 65 * 4] },
  'a number for each channel': { broadcast: [whole, perChannel] },
  'a number for each channel, which come first': { broadcast: [perChannel, whole, perChannel] },
  'a number for each channel, not a multiple of four': { size: [3, 5, 6], broadcast: [whole, perChannel] },
  'a number for each pixel': { broadcast: [whole, perPixel] },
  'a number for each pixel, channels not a multiple of four': { size: [3, 5, 3], broadcast: [perPixel, whole] },
  'a number for each sample': { broadcast: [whole, perSample] },
  'rows and columns, each broadcast along the other': {
    broadcast: [
      [true, false, false],
      [false, true, false],
    ],
  },
  'all different': { broadcast: [perChannel, perPixel, perSample, whole] },
  'none as large as the result': {
    size: [4, 3, 4],
    broadcast: [
      [true, false, true],
      [false, true, true],
      [true, true, false],
    ],
  },
};

const anyAxes = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
const anyMerge: fc.Arbitrary<MergeCase> = fc.record({
  operation: fc.constantFrom(...operations),
  batch: fc.integer({ min: 1, max: 4 }),
  size: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 })),
  broadcast: fc.array(anyAxes, { minLength: 2, maxLength: 4 }),
});

/**
 * Enough numbers that each input of a maximum is the largest somewhere but not everywhere; otherwise the sabotage, which increases
 * a number, changes nothing.
 */
const enough = (it: MergeCase): MergeCase =>
  it.operation === 'maximum' ? { ...it, batch: Math.max(it.batch, 12) } : it;

/** Checks every input's gradient in turn. */
async function checkBackward(it: MergeCase, options: { seed?: number; pick?: number } = {}): Promise<void> {
  for (const input of it.broadcast.keys()) {
    await checkKernel(gpu, checkMergeBackward({ ...mergeShape(it), input }), options);
  }
}

describe.each(operations)('%s', (operation) => {
  test.each(Object.entries(departures))('merge_forward: %s', (_, departure) =>
    checkKernel(gpu, checkMergeForward(mergeShape({ ...control, operation, ...departure }))),
  );
  test.each(Object.entries(departures))('merge_backward: %s', (_, departure) =>
    checkBackward(enough({ ...control, operation, ...departure })),
  );
});

test('merge_forward: random shapes', async () => {
  const property = fc.asyncProperty(anyMerge, fc.nat(1000), (it, seed) =>
    checkKernel(gpu, checkMergeForward(mergeShape(it)), { seed }),
  );
  await fc.assert(property, { seed: 1, numRuns: 12 });
});

test('merge_backward: random shapes', async () => {
  const property = fc.asyncProperty(anyMerge, fc.nat(1000), (it, seed) => checkBackward(enough(it), { seed }));
  await fc.assert(property, { seed: 1, numRuns: 12 });
});

const activations: Activation[] = ['relu', 'tanh', 'leakyRelu', { name: 'leakyRelu', negativeSlope: 0.5 }];
test.each(activations)('merge_forward ends with an activation: %j', (activation) =>
  checkKernel(gpu, checkMergeForward(mergeShape({ ...control, operation: 'add', activation }))),
);

test('an average of more than four inputs ends a chain of sums', async () => {
  const shape = { ...mergeShape({ ...control, operation: 'average' }), averagedOver: 5 };
  await checkKernel(gpu, checkMergeForward(shape));
  await checkKernel(gpu, checkMergeBackward({ ...shape, input: 1 }));
});

test('a NaN of any input is in the result, at any position', async () => {
  for (const operation of operations) {
    for (const channels of [4, 3]) {
      const broadcast = [whole, perChannel, whole];
      const shape = mergeShape({ operation, batch: 1, size: [1, 2, channels], broadcast, activation: 'relu' });
      const launch = await launchGuarded(gpu, cacheOf(gpu), mergeForward, shape, {});
      const inputs = {
        x0: new Float32Array(2 * channels),
        x1: new Float32Array(channels),
        x2: new Float32Array(2 * channels),
      };
      for (const name of ['x0', 'x1', 'x2'] as const) {
        const broken = { ...inputs, [name]: inputs[name].slice().fill(Number.NaN, 1, 2) };
        expect(floats((await launch.run(broken)).y!)[1], `${operation} ${name}`).toBeNaN();
      }
      launch.dispose();
    }
  }
});

test('inputs without a gradient get none, whatever the empty slots of the batch contain', async () => {
  const empty = Float32Array.of(Infinity, -Infinity, Number.NaN, 1e38, 0, 1, Number.NaN, Infinity);
  const zeros = new Float32Array(8);
  for (const operation of operations) {
    const shape = mergeShape({ operation, batch: 2, size: [1, 1, 4], broadcast: [whole, whole] });
    const launch = await launchGuarded(gpu, cacheOf(gpu), mergeBackward, { ...shape, input: 0 }, {});
    const given = { x0: empty, x1: empty };
    const names = Object.keys(launch.elements).filter((name) => name in given) as (keyof typeof given)[];
    const { dx } = await launch.run({ dy: zeros, ...Object.fromEntries(names.map((name) => [name, given[name]])) });
    expect([...floats(dx!)].map(Math.abs), operation).toEqual([...zeros]);
    launch.dispose();
  }
  for (const activation of ['exponential', 'tanh', 'elu', 'softsign'] as const) {
    const shape = { elements: 8, pending: [true, false], activation };
    const launch = await launchGuarded(gpu, cacheOf(gpu), sumGradients, shape, {});
    const { dy } = await launch.run({ g0: zeros, g1: zeros, v: empty });
    expect([...floats(dy!)].map(Math.abs), activation).toEqual([...zeros]);
    launch.dispose();
  }
});

describe('sum_gradients', () => {
  const cases: [string, boolean[]][] = [
    ['one that is pending', [true]],
    ['one that is finished', [false]],
    ['two that are pending', [true, true]],
    ['one of each', [false, true]],
    ['three', [true, false, true]],
    ['four', [false, true, true, false]],
    ['four that are finished', [false, false, false, false]],
  ];
  test.each(cases)('%s', async (_, pending) => {
    for (const elements of [64, 67]) {
      for (const activation of ['relu', 'sigmoid', 'linear', 'selu', 'softplus'] as const) {
        await checkKernel(gpu, checkSumGradients({ elements, pending, activation }));
      }
    }
  });

  test.each([1, 3, 255, 256, 257, 260])('%i elements', (elements) =>
    checkKernel(gpu, checkSumGradients({ elements, pending: [true, false], activation: 'tanh' })),
  );

  test('random shapes', async () => {
    const shape = fc.record({
      elements: fc.integer({ min: 1, max: 500 }),
      pending: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
      activation: fc.constantFrom<Activation[]>('linear', 'relu', 'elu', 'tanh', 'relu6', 'softsign'),
    });
    const property = fc.asyncProperty(shape, fc.nat(1000), (it, seed) =>
      checkKernel(gpu, checkSumGradients(it), { seed }),
    );
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});
