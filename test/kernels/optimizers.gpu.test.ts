import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type FilledOptimizer, fillOptimizer, type OptimizerConfig } from '../../src/model/optimizer.ts';
import { loadFurtherTraining } from '../../src/plan/loaded_training.ts';
import { updateKernelOf } from '../../src/plan/update.ts';
import { expectSame } from '../../src/selftest/compare.ts';
import { arenaOf } from '../../src/selftest/kernels/arena.ts';
import { cacheOf, checkKernel, floats, type KernelCheck, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';
import { type Contents, launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import {
  type AdamCase,
  checkAdam,
  checkOptimizer,
  checkSgd,
  type OptimizerCase,
  type SgdCase,
  shapeOf,
} from '../../src/selftest/kernels/optimizer_checks.ts';
import { stateOf } from '../../src/selftest/kernels/state_words.ts';

await loadFurtherTraining();

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const sizes: Record<string, number[]> = {
  'one number': [1],
  'one vec4': [4],
  'a vec4 for each of four invocations': [16],
  'one more': [17],
  'a vec4 an invocation of a large workgroup': [1024, 5],
  'one past a chunk': [4097, 3],
  'several chunks': [9000, 300, 7],
};

/** Each option alone, and valid combinations; large gradients, so that every clip has an effect. */
const remedies: Record<string, Partial<SgdCase & AdamCase>> = {
  'factors of tensors': { clip: { by: 'norm', most: 1 } },
  'the same of all tensors, not measured': { clip: { by: 'globalNorm', most: 1 }, measured: false },
  'elements cut off': { clip: { by: 'value', most: 0.3 } },
  'weights that decay': { weightDecay: 0.5, learningRate: 0.1 },
  'factors and decay': { clip: { by: 'norm', most: 1 }, weightDecay: 0.5, learningRate: 0.1 },
  'a cut and decay': { clip: { by: 'value', most: 0.3 }, weightDecay: 0.5, learningRate: 0.1 },
};

const common = { tensors: [300, 7, 90], measured: true, learningRate: 0.001, scale: 1 };
const keras: AdamCase = { ...common, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, t: 20 };

describe('adam', () => {
  const departures: Record<string, Partial<AdamCase>> = {
    'the control': {},
    'not measured': { measured: false },
    ...Object.fromEntries(Object.entries(sizes).map(([title, tensors]) => [title, { tensors }])),
    'the first update': { t: 1 },
    'a late one': { t: 100_000 },
    'small gradients, where epsilon counts': { scale: 1e-7 },
    'large gradients': { scale: 1e6 },
    'other betas': { beta1: 0.5, beta2: 0.9 },
    'a large epsilon': { epsilon: 0.1 },
    'a large learning rate': { learningRate: 10 },
    ...remedies,
  };
  test.each(Object.entries(departures))('%s', (_, departure) =>
    checkKernel(gpu, checkAdam({ ...keras, ...departure })),
  );
});

const plain: SgdCase = { ...common, momentum: 0, nesterov: false, learningRate: 0.1 };

describe('sgd', () => {
  const departures: Record<string, Partial<SgdCase>> = {
    'the control: plain': {},
    'not measured': { measured: false },
    'momentum, not measured': { momentum: 0.9, measured: false },
    ...Object.fromEntries(Object.entries(sizes).map(([title, tensors]) => [title, { tensors }])),
    momentum: { momentum: 0.9 },
    nesterov: { momentum: 0.9, nesterov: true },
    'nesterov without momentum is plain': { nesterov: true },
    'a large learning rate': { learningRate: 10, momentum: 0.5 },
    ...remedies,
    ...Object.fromEntries(
      Object.entries(remedies).map(([title, remedy]) => [
        `${title}, with nesterov momentum`,
        { ...remedy, momentum: 0.9, nesterov: true },
      ]),
    ),
  };
  test.each(Object.entries(departures))('%s', (_, departure) => checkKernel(gpu, checkSgd({ ...plain, ...departure })));
});

const filled = (config: OptimizerConfig) => fillOptimizer(config);
const others: Record<string, FilledOptimizer> = {
  'adam with amsgrad': filled({ type: 'adam', amsgrad: true }),
  nadam: filled('nadam'),
  adamax: filled('adamax'),
  rmsprop: filled('rmsprop'),
  'rmsprop with momentum': filled({ type: 'rmsprop', momentum: 0.9 }),
  'rmsprop, centered': filled({ type: 'rmsprop', centered: true }),
  'rmsprop, centered, with momentum': filled({ type: 'rmsprop', centered: true, momentum: 0.5, rho: 0.5 }),
  adagrad: filled('adagrad'),
  lion: filled('lion'),
};
const later: Omit<OptimizerCase, 'optimizer'> = { ...common, t: 20 };

describe.each(Object.entries(others))('%s', (_, optimizer) => {
  const departures: Record<string, Partial<OptimizerCase>> = {
    'the control': {},
    'the first update, not measured, one past a chunk': { t: 1, measured: false, tensors: [4097, 3] },
    'a late one, small gradients, a cut and decay': { ...remedies['a cut and decay']!, t: 100_000, scale: 1e-6 },
    'large gradients, factors and decay': { ...remedies['factors and decay']!, scale: 1e6 },
  };
  test.each(Object.entries(departures))('%s', (_, departure) =>
    checkKernel(gpu, checkOptimizer({ ...later, optimizer, ...departure })),
  );
});

test('random arenas', async () => {
  const tensors = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 4 });
  const measured = fc.boolean();
  const most = fc.constantFrom(0.1, 10);
  const by = fc.constantFrom('norm' as const, 'globalNorm' as const, 'value' as const);
  const clip = fc.option(fc.record({ by, most }), { nil: undefined });
  const weightDecay = fc.constantFrom(undefined, 0, 0.1);
  const learningRate = fc.constantFrom(1e-4, 0.01, 1);
  const anyAdam = fc.record({
    tensors,
    measured,
    clip,
    weightDecay,
    scale: fc.constantFrom(1e-3, 1, 100),
    learningRate,
    beta1: fc.constantFrom(0.1, 0.5, 0.9),
    beta2: fc.constantFrom(0.9, 0.99, 0.999),
    epsilon: fc.constantFrom(1e-7, 1e-3),
    t: fc.integer({ min: 1, max: 500 }),
  });
  const anySgd = fc.record({
    tensors,
    measured,
    clip,
    weightDecay,
    scale: fc.constantFrom(2, 100),
    learningRate,
    momentum: fc.constantFrom(0, 0.3, 0.9),
    nesterov: fc.boolean(),
  });
  const property = fc.asyncProperty(anyAdam, anySgd, async (a, s) => {
    await checkKernel(gpu, checkAdam(a));
    await checkKernel(gpu, checkSgd(s));
  });
  await fc.assert(property, { seed: 1, numRuns: 10 });
});

const firstOf = <S>({ kernel, shape }: KernelCheck<S>) => variantsOf(kernel, shape, gpu.traits)[0]!;

describe('plain SGD is theta - learningRate * gradient and nothing else', () => {
  test('in numbers that float32 holds exactly', async () => {
    const check = checkSgd({ ...plain, tensors: [64], measured: false, learningRate: 0.25 });
    const whole = (seed: number) => Float32Array.from({ length: 64 }, (_, i) => ((i * seed) % 17) - 8);
    const [dw, w] = [whole(5), whole(3)];
    const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, firstOf(check));
    const after = await launch.run({ ...check.given, dw, w, state: stateOf({ learning_rate: 0.25 }) });
    launch.dispose();
    expect([...new Float32Array(after.w!.buffer)]).toEqual(Array.from(w, (value, i) => value - 0.25 * dw[i]!));
  });
});

describe('a skipped step leaves weights and slots unchanged, bit for bit', () => {
  async function expectUntouched<S>(check: KernelCheck<S>, dw: number): Promise<void> {
    const before = check.given as Record<string, Contents>;
    const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, firstOf(check));
    const contents = { ...before, dw: before.dw!.slice().fill(dw), state: stateOf({ skip: 1, learning_rate: 0.1 }) };
    const { partials, ...after } = await launch.run(contents);
    launch.dispose();
    expect(Object.keys(after).length).toBeGreaterThan(0);
    for (const [name, bits] of Object.entries(after)) {
      expectSame(name, bits, new Uint32Array(before[name]!.buffer));
    }
    // The weights are still measured; nothing was added to them.
    const told = floats(partials!);
    expect(told.length).toBe(4 * 3);
    for (let i = 0; i < told.length; i += 4) {
      expect(told[i]).toBeGreaterThan(0);
      expectSame('what was added', told.subarray(i + 1, i + 4), [0, 0, 0]);
    }
  }
  // A gradient that would be visible in the bits of everything that depends on it.
  test.each([Number.NaN, Infinity, 1])('gradients of %s', async (dw) => {
    await expectUntouched(checkAdam(keras), dw);
    await expectUntouched(checkSgd(plain), dw);
    await expectUntouched(checkSgd({ ...plain, momentum: 0.9 }), dw);
    await expectUntouched(checkSgd({ ...plain, momentum: 0.9, nesterov: true }), dw);
    for (const optimizer of Object.values(others)) await expectUntouched(checkOptimizer({ ...later, optimizer }), dw);
  });
});

test('weights that an update leaves beyond float32 are counted, chunk by chunk', async () => {
  const check = checkSgd({ ...plain, tensors: [5000, 3], learningRate: 10 });
  const dw = (check.given!.dw as Float32Array).slice();
  // In the first chunk, at both ends of the second, and nowhere in the other tensor; squares overflow there as well.
  for (const at of [17, 4096, 4999]) dw[at] = at === 17 ? 3e38 : -3e38;
  dw[4500] = 3e30;
  for (const variant of variantsOf(check.kernel, check.shape, gpu.traits)) {
    const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, variant);
    const { partials } = await launch.run({ ...(check.given as Record<string, Contents>), dw });
    launch.dispose();
    expect([2, 6, 10].map((at) => floats(partials!)[at])).toEqual([1, 2, 0]);
  }
});

/**
 * The ONNX project's tests of its training operators (ONNX 1.12, https://github.com/onnx/onnx, Apache License 2.0): test_adam and
 * the others, by name. They use T = 0, so nothing is corrected; `decay` is the fraction of the weights added to the gradients, and
 * the momentum is V, which Keras stores as -R V.
 */
const onnxTests: Record<
  string,
  {
    optimizer: OptimizerConfig;
    decay: number;
    x: number[];
    g: number[];
    slots: Record<string, number[]>;
    expected: Record<string, number[]>;
  }
> = {
  adam: {
    optimizer: { type: 'adam', beta1: 0.95, beta2: 0.1, epsilon: 1e-7 },
    decay: 0.001,
    x: [1.2, 2.8],
    g: [-0.94, -2.5],
    slots: { m: [1.7, 3.6], v: [0.1, 0.1] },
    expected: { w: [1.0250363, 2.6610327], m: [1.56806, 3.2951398], v: [0.8032108, 5.622407] },
  },
  adam_multiple: {
    optimizer: { type: 'adam', beta1: 0.95, beta2: 0.85, epsilon: 1e-2 },
    decay: 0.001,
    x: [1, 1, 2],
    g: [-1, -1, -3],
    slots: { m: [2, 4, 1], v: [0.5, 1, 10] },
    expected: {
      w: [0.75913626, 0.6286528, 1.9745853],
      m: [1.85005, 3.75005, 0.8000999],
      v: [0.5747002, 0.9997002, 9.848201],
    },
  },
  momentum: {
    optimizer: { type: 'sgd', momentum: 0.95 },
    decay: 0.001,
    x: [1.2, 2.8],
    g: [-0.94, -2.5],
    slots: { v: [-0.17, -0.36] },
    expected: { w: [1.13238, 2.70772], v: [-0.067620003, -0.09227998] },
  },
  momentum_multiple: {
    optimizer: { type: 'sgd', momentum: 0.95 },
    decay: 0.001,
    x: [1, 1, 2],
    g: [-1, -1, -3],
    slots: { v: [-0.2, -0.4, -0.1] },
    expected: { w: [0.9099, 0.7199, 2.2048], v: [-0.090099996, -0.28009999, 0.20479999] },
  },
  nesterov_momentum: {
    optimizer: { type: 'sgd', momentum: 0.95, nesterov: true },
    decay: 0.01,
    x: [1.2, 2.8],
    g: [-0.94, -2.5],
    slots: { v: [-0.17, -0.36] },
    expected: { w: [1.227535, 2.95714], v: [-0.068700004, -0.094799995] },
  },
  adagrad: {
    optimizer: { type: 'adagrad', initialAccumulatorValue: 0, epsilon: 1e-12 },
    decay: 0.001,
    x: [1],
    g: [-1],
    slots: { v: [2] },
    expected: { w: [1.0576962], v: [2.998001] },
  },
  adagrad_multiple: {
    optimizer: { type: 'adagrad', initialAccumulatorValue: 0, epsilon: 1e-12 },
    decay: 0.001,
    x: [1, 1, 2],
    g: [-1, -1, -3],
    slots: { v: [2, 4, 1] },
    expected: { w: [1.0576962, 1.0446854, 2.0948617], v: [2.998001, 4.998001, 9.988004] },
  },
};

test.each(Object.entries(onnxTests))("ONNX' test_%s", async (_, { optimizer, decay, x, g, slots, expected }) => {
  const learningRate = 0.1;
  const filled = fillOptimizer(optimizer);
  const { kernel, numbers } = updateKernelOf(filled);
  const arena = arenaOf([x.length]);
  const shape = {
    ...shapeOf(arena, { tensors: [x.length], measured: false, learningRate, scale: 1 }),
    ...numbers,
  };
  const whole = (values: readonly number[]) => {
    const contents = arena.dw.slice();
    contents.set(values);
    return contents;
  };
  const launch = await launchGuarded(gpu, cacheOf(gpu), kernel, shape, variantsOf(kernel, shape, gpu.traits)[0]!);
  const after = await launch.run({
    chunks: arena.chunks,
    dw: whole(g.map((value, i) => value + decay * x[i]!)),
    w: whole(x),
    ...Object.fromEntries(Object.entries(slots).map(([name, values]) => [name, whole(values)])),
    state: stateOf({ learning_rate: learningRate, correction1: 1, correction2: 1, updates: 1 }),
  });
  launch.dispose();
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, i) => {
      expect(floats(after[name]!)[i], `${name} ${i}`).toBeCloseTo(value, 5);
    });
  }
});
