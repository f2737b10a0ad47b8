import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { recordField } from '../../src/kernels/record.ts';
import { gradientNormReduce } from '../../src/kernels/update.ts';
import { nadamProduct } from '../../src/reference/nadam.ts';
import { type Arena, arenaOf } from '../../src/selftest/kernels/arena.ts';
import { cacheOf, checkKernel, floats } from '../../src/selftest/kernels/check_kernel.ts';
import { type Contents, launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import {
  checkGradientNorm,
  checkGradientNormReduce,
  checkWeightPenalty,
  correctionBounds,
  endOfStep,
} from '../../src/selftest/kernels/norm_checks.ts';
import { sameState, stateFrom, stateOf } from '../../src/selftest/kernels/state_words.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const arenas: Record<string, () => Arena> = {
  'the control: a small network': () => arenaOf([288, 32, 1000, 10]),
  'one number': () => arenaOf([1]),
  'a vec4 and one over': () => arenaOf([5]),
  'a vec4 an invocation': () => arenaOf([1024, 16]),
  'one more': () => arenaOf([1025, 17]),
  'a chunk exactly': () => arenaOf([4096]),
  'one past a chunk': () => arenaOf([4097, 3]),
  'three chunks and a part': () => arenaOf([14_000, 7]),
  'more tensors than invocations': () => arenaOf(Array.from({ length: 70 }, (_, i) => i + 1)),
  'large numbers': () => arenaOf([300, 20], 1e15),
  'small numbers': () => arenaOf([300, 20], 1e-12),
};

const state = stateOf({
  step: 6,
  learning_rate: 0.25,
  updates: 3,
  correction1: 1 - 0.9 ** 3,
  correction2: 1 - 0.999 ** 3,
});

describe.each(Object.entries(arenas))('%s', (_, make) => {
  test('gradient_norm', () => checkKernel(gpu, checkGradientNorm(make())));
  test('gradient_norm_reduce', () => checkKernel(gpu, checkGradientNormReduce(make(), { state, loss: 2.5 })));
});

test("Nadam's momenta: the first correction is 1 minus their product", async () => {
  for (const updates of [0, 3, 40]) {
    const corrections = { correction1: 1 - nadamProduct(0.9, updates), correction2: 1 - 0.999 ** updates };
    const before = stateOf({ step: 6, updates, ...corrections });
    await checkKernel(gpu, checkGradientNormReduce(arenaOf([300]), { state: before, loss: 1, isScheduled: true }));
  }
});

test('random tensors', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(sizes, async (each) => {
    await checkKernel(gpu, checkGradientNorm(arenaOf(each)));
    await checkKernel(gpu, checkGradientNormReduce(arenaOf(each), { state, loss: 0.5 }));
  });
  await fc.assert(property, { seed: 1, numRuns: 10 });
});

describe('L1 and L2 regularizers', () => {
  const arena = () => arenaOf([5000, 7, 300, 20]);
  // l1 and l2 of each tensor: either, none, both.
  const regularizers = Float32Array.of(0, 0.25, 0, 0, 3, 0, 0.5, 0.001);

  test('gradient_norm adds its gradient first', () => checkKernel(gpu, checkGradientNorm(arena(), regularizers)));
  test('weight_penalty', () => checkKernel(gpu, checkWeightPenalty(arena(), regularizers)));
  test('of one tensor of one number', () => checkKernel(gpu, checkWeightPenalty(arenaOf([1]), Float32Array.of(1, 2))));

  test('what a tensor without one holds is no part of the penalty', async () => {
    const bad = arena();
    bad.tensors[1]!.fill(Infinity);
    await checkKernel(gpu, checkWeightPenalty(bad, regularizers));
  });
});

describe.each(['norm', 'globalNorm'] as const)('clipping by %s', (by) => {
  test.each([
    ['far below the norm', 0.01],
    ['near it', 10],
    ['above it, where nothing is clipped', 1e6],
  ])('%s', async (_, most) => {
    await checkKernel(gpu, checkGradientNormReduce(arenaOf([9000, 5, 300]), { state, loss: 1, clip: { by, most } }));
  });

  test('more tensors than invocations', async () => {
    const many = arenaOf(Array.from({ length: 70 }, (_, i) => i + 1));
    await checkKernel(gpu, checkGradientNormReduce(many, { state, loss: 1, clip: { by, most: 0.5 } }));
  });

  test('gradients of zero are not divided by their norm', async () => {
    const zero = arenaOf([5, 70]);
    for (const tensor of zero.tensors) tensor.fill(0);
    const check = checkGradientNormReduce(zero, { state, loss: 1, clip: { by, most: 2 } });
    const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, {});
    const { factors } = await launch.run(check.given as Record<string, Contents>);
    launch.dispose();
    expect([...floats(factors!)]).toEqual([1, 1]);
  });

  test('a step that is not finite is skipped', async () => {
    const bad = arenaOf([5, 70]);
    bad.tensors[1]![3] = Number.NaN;
    await checkKernel(gpu, checkGradientNormReduce(bad, { state, loss: 1, clip: { by, most: 2 } }));
  });
});

test('tensors whose squares overflow only together skip a step that clips them together', async () => {
  const large = arenaOf([1, 1]);
  for (const tensor of large.tensors) tensor.fill(1.5e19);
  for (const by of ['norm', 'globalNorm'] as const) {
    const check = checkGradientNormReduce(large, { state, loss: 1, clip: { by, most: 2 } });
    await checkKernel(gpu, check);
    const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, {});
    const after = await launch.run(check.given as Record<string, Contents>);
    launch.dispose();
    expect(stateFrom(after.state!).skip).toBe(by === 'globalNorm' ? 1 : 0);
  }
});

describe.each([Number.NaN, Infinity, -Infinity])('a gradient of %s', (bad) => {
  test.each([0, 3, 4, 4095, 4096, 4099])('at element %i is counted, and the step is skipped', async (at) => {
    const arena = arenaOf([5, 4100, 9, 3000]);
    arena.tensors[1]![at] = bad;
    arena.tensors[2]![8] = bad;
    await checkKernel(gpu, checkGradientNorm(arena));
    await checkKernel(gpu, checkGradientNormReduce(arena, { state, loss: 1 }));
  });
});

test('gradients whose squares are beyond float32 count as finite, and the step is skipped', async () => {
  const arena = arenaOf([5, 70]);
  arena.tensors[1]![69] = 3e19;
  const check = checkGradientNormReduce(arena, { state, loss: 1 });
  await checkKernel(gpu, checkGradientNorm(arena));
  await checkKernel(gpu, check);
  const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, {});
  const after = await launch.run(check.given as Record<string, Contents>);
  launch.dispose();
  expect(stateFrom(after.state!)).toMatchObject({ skip: 1, updates: 3, bad_in_a_row: 1 });
});

describe('whether a step counts', () => {
  const good = arenaOf([5, 70]);
  const bad = arenaOf([5, 70]);
  bad.tensors[1]![69] = Number.NaN;
  const before = { step: 6, updates: 3, correction1: 1 - 0.9 ** 3, correction2: 1 - 0.999 ** 3, skipped: 4 };
  test.each<[string, Arena, number, Record<string, number>]>([
    ['a good one after bad ones', good, 1, { bad_in_a_row: 2 }],
    ['a loss of NaN', good, Number.NaN, {}],
    ['an infinite loss', good, Infinity, {}],
    ['a bad gradient', bad, 1, {}],
    ['the second bad one in a row', bad, 1, { bad_in_a_row: 1 }],
    ['the third bad one in a row halts', bad, 1, { bad_in_a_row: 2 }],
    ['the first bad one of a run that halts at once', bad, 1, { halt_at_once: 1 }],
    ['a good one of a run that halts at once', good, 1, { halt_at_once: 1 }],
    ['a good one after a halt moves nothing', good, 1, { halted: 1, bad_in_a_row: 3 }],
    ['a bad one after a halt', bad, 1, { halted: 1, bad_in_a_row: 3 }],
  ])('%s', async (_, arena, loss, values) => {
    const check = checkGradientNormReduce(arena, { state: stateOf({ ...before, ...values }), loss });
    await checkKernel(gpu, check);
  });

  test('a hundred steps: corrections are 1 - beta^t, bad steps leave them', async () => {
    const check = checkGradientNormReduce(good, { state, loss: 1 });
    const launch = await launchGuarded(gpu, cacheOf(gpu), gradientNormReduce, check.shape, {});
    let words = stateOf({});
    for (let step = 0; step < 100; step++) {
      const records = (check.given!.records as Uint32Array).slice();
      // Every seventh step has a non-finite loss, which covers all slots of the ring.
      const loss = new Uint32Array(Float32Array.of(step % 7 === 3 ? Infinity : 1).buffer)[0]!;
      const { words: recordWords, slots } = check.shape.record;
      for (let slot = 0; slot < slots; slot++) records[slot * recordWords + recordField.loss] = loss;
      const { state } = await launch.run({ ...(check.given as object), records, state: words });
      words = state!;
    }
    launch.dispose();
    const after = stateFrom(words);
    expect([after.updates, after.skipped]).toEqual([86, 14]);
    const exact = { correction1: 1 - endOfStep.beta1 ** 86, correction2: 1 - endOfStep.beta2 ** 86 };
    sameState({ ...after, ...exact }, correctionBounds(after))('state', words);
  });
});
