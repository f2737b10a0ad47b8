import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { expectSame } from '../compare.ts';
import { cacheOf, checkKernel, type KernelCheck } from './check_kernel.ts';
import { type Contents, launchGuarded } from './guarded_launch.ts';
import { type AdamCase, checkAdam, checkSgd, type SgdCase } from './optimizer_checks.ts';
import { stateOf } from './state_words.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const sizes = { 'one vec4': 1, 'a workgroup exactly': 64, 'one more': 65, 'several workgroups': 1000 };

const keras: AdamCase = {
  elements: 100,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  learningRate: 0.001,
  t: 20,
  scale: 1,
};

describe('adam', () => {
  const departures: Record<string, Partial<AdamCase>> = {
    'the control': {},
    ...Object.fromEntries(Object.entries(sizes).map(([title, elements]) => [title, { elements }])),
    'the first update': { t: 1 },
    'a late one': { t: 100_000 },
    'small gradients, where epsilon counts': { scale: 1e-7 },
    'large gradients': { scale: 1e6 },
    'other betas': { beta1: 0.5, beta2: 0.9 },
    'a large epsilon': { epsilon: 0.1 },
    'a large learning rate': { learningRate: 10 },
  };
  test.each(Object.entries(departures))('%s', (_, departure) =>
    checkKernel(gpu, checkAdam({ ...keras, ...departure })),
  );
});

const plain: SgdCase = { elements: 100, momentum: 0, nesterov: false, learningRate: 0.1 };

describe('sgd', () => {
  const departures: Record<string, Partial<SgdCase>> = {
    'the control: plain': {},
    ...Object.fromEntries(Object.entries(sizes).map(([title, elements]) => [title, { elements }])),
    momentum: { momentum: 0.9 },
    nesterov: { momentum: 0.9, nesterov: true },
    'nesterov without momentum is plain': { nesterov: true },
    'a large learning rate': { learningRate: 10, momentum: 0.5 },
  };
  test.each(Object.entries(departures))('%s', (_, departure) => checkKernel(gpu, checkSgd({ ...plain, ...departure })));
});

test('random arenas', async () => {
  const elements = fc.integer({ min: 1, max: 300 });
  const learningRate = fc.constantFrom(1e-4, 0.01, 1);
  const anyAdam = fc.record({
    elements,
    learningRate,
    beta1: fc.constantFrom(0.1, 0.5, 0.9),
    beta2: fc.constantFrom(0.9, 0.99, 0.999),
    epsilon: fc.constantFrom(1e-7, 1e-3),
    t: fc.integer({ min: 1, max: 500 }),
    scale: fc.constantFrom(1e-3, 1, 100),
  });
  const anySgd = fc.record({ elements, learningRate, momentum: fc.constantFrom(0, 0.3, 0.9), nesterov: fc.boolean() });
  const property = fc.asyncProperty(anyAdam, anySgd, async (a, s) => {
    await checkKernel(gpu, checkAdam(a));
    await checkKernel(gpu, checkSgd(s));
  });
  await fc.assert(property, { seed: 1, numRuns: 10 });
});

describe('plain SGD is theta - learningRate * gradient and nothing else', () => {
  test('in numbers that float32 holds exactly', async () => {
    const check = checkSgd({ ...plain, elements: 16, learningRate: 0.25 });
    const whole = (seed: number) => Float32Array.from({ length: 64 }, (_, i) => ((i * seed) % 17) - 8);
    const [dw, w] = [whole(5), whole(3)];
    const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, {});
    const after = await launch.run({ dw, w, state: stateOf({ learning_rate: 0.25 }) });
    launch.dispose();
    expect([...new Float32Array(after.w!.buffer)]).toEqual(Array.from(w, (value, i) => value - 0.25 * dw[i]!));
  });
});

describe('a skipped step leaves weights and moments as they are, to the bit', () => {
  async function expectUntouched<S>({ kernel, shape, given }: KernelCheck<S>, dw: number): Promise<void> {
    const before = given as Record<string, Contents>;
    const launch = await launchGuarded(gpu, cacheOf(gpu), kernel, shape, {});
    const contents = { ...before, dw: before.dw!.slice().fill(dw), state: stateOf({ skip: 1, learning_rate: 0.1 }) };
    const after = await launch.run(contents);
    launch.dispose();
    expect(Object.keys(after).length).toBeGreaterThan(0);
    for (const [name, bits] of Object.entries(after)) {
      expectSame(name, bits, new Uint32Array(before[name]!.buffer));
    }
  }
  // A gradient that would be seen in any bit of what it touches.
  test.each([Number.NaN, Infinity, 1])('gradients of %s', async (dw) => {
    await expectUntouched(checkAdam(keras), dw);
    await expectUntouched(checkSgd(plain), dw);
    await expectUntouched(checkSgd({ ...plain, momentum: 0.9 }), dw);
    await expectUntouched(checkSgd({ ...plain, momentum: 0.9, nesterov: true }), dw);
  });
});
