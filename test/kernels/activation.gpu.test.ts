import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type AnyActivation, activationNames, isFused } from '../../src/kernels/activation.ts';
import { type ActivationShape, activationBackward, activationForward } from '../../src/kernels/activation_layer.ts';
import { activate } from '../../src/reference/activation.ts';
import { checkActivationBackward, checkActivationForward } from '../../src/selftest/kernels/activation_checks.ts';
import { cacheOf, checkKernel, floats } from '../../src/selftest/kernels/check_kernel.ts';
import { type Contents, launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { numbers } from '../reference/central_differences.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const everyActivation: AnyActivation[] = [...activationNames, { name: 'leakyRelu', negativeSlope: 0.01 }];

const anyShape: fc.Arbitrary<ActivationShape> = fc.record({
  elements: fc.integer({ min: 1, max: 700 }),
  activation: fc.constantFrom(...everyActivation),
});

describe.each(Object.entries({ forward: checkActivationForward, backward: checkActivationBackward }))(
  'activation_%s',
  (_, check) => {
    test.each(everyActivation)('%j', async (activation) => {
      for (const elements of [128, 111]) await checkKernel(gpu, check({ elements, activation }));
    });

    test.each([1, 3, 4, 5, 255, 256, 257, 260, 1023])('%i elements', (elements) =>
      checkKernel(gpu, check({ elements, activation: 'elu' })),
    );

    test('random shapes', async () => {
      const property = fc.asyncProperty(anyShape, fc.nat(1000), (shape, seed) =>
        checkKernel(gpu, check(shape), { seed, pick: seed }),
      );
      await fc.assert(property, { seed: 1, numRuns: 12 });
    });
  },
);

test.each(everyActivation)('%j of numbers that are large, infinite or none', async (activation) => {
  const x = Float32Array.of(1e4, -1e4, 3e38, -3e38, Infinity, Number.NaN, 100, -100);
  const forward = await launchGuarded(gpu, cacheOf(gpu), activationForward, { elements: 8, activation }, {});
  const y = floats((await forward.run({ x })).y!);
  forward.dispose();
  expect(y[5]).toBeNaN();
  for (const i of [0, 1, 6, 7]) {
    const expected = activate(activation, x[i]!);
    if (expected > 3.4e38) expect(y[i]).toBe(Infinity);
    else expect(Math.abs(y[i]! - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected)));
  }

  // An empty slot of a short batch may hold any of them; its gradient is zero and must stay zero.
  const backward = await launchGuarded(gpu, cacheOf(gpu), activationBackward, { elements: 8, activation }, {});
  const made: Record<string, Contents> = isFused(activation) ? { y } : { x };
  expect([...floats((await backward.run({ ...made, dy: new Float32Array(8) })).dx!)]).toEqual(Array(8).fill(0));
  const dy = new Float32Array(8).fill(Number.NaN, 3, 4);
  expect(floats((await backward.run({ ...made, dy })).dx!)[3]).toBeNaN();
  backward.dispose();
});

test('the slope of an activation is finite wherever its input is', async () => {
  const x = Float32Array.from(numbers(512, 4), (u) => 200 * u);
  const dy = new Float32Array(512).fill(1);
  for (const activation of everyActivation) {
    const made = x.map((value) => activate(activation, activation === 'exponential' ? value / 4 : value));
    const given: Record<string, Contents> = isFused(activation) ? { y: made } : { x };
    const launch = await launchGuarded(gpu, cacheOf(gpu), activationBackward, { elements: 512, activation }, {});
    const dx = floats((await launch.run({ ...given, dy })).dx!);
    launch.dispose();
    expect(dx.every(Number.isFinite), JSON.stringify(activation)).toBe(true);
  }
});
