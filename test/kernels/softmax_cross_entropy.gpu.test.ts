import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { softmaxCrossEntropy } from '../../src/kernels/losses.ts';
import { recordField } from '../../src/kernels/record.ts';
import { cacheOf, checkKernel, floats } from '../../src/selftest/kernels/check_kernel.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { checkSoftmaxCrossEntropy, type LossCase } from '../../src/selftest/kernels/loss_checks.ts';
import { stateOf } from '../../src/selftest/kernels/state_words.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const control: LossCase = {
  batch: 32,
  classes: 10,
  count: 32,
  soft: false,
  step: 3,
  record: { words: 12, slots: 5 },
  scale: 4,
};

const departures: Record<string, Partial<LossCase>> = {
  'the control': {},
  'one sample': { batch: 1, count: 1 },
  'as many samples as invocations': { batch: 64, count: 64 },
  'one more sample than invocations': { batch: 65, count: 65 },
  'three samples an invocation': { batch: 150, count: 150 },
  'a short batch': { count: 19 },
  'a short batch of more samples than invocations': { batch: 130, count: 65 },
  'two classes': { classes: 2 },
  'a hundred classes': { classes: 100, batch: 5, count: 5 },
  'small logits': { scale: 1e-3 },
  'large logits': { scale: 50 },
  'huge logits': { batch: 1, count: 1, scale: 1e4 },
  'a ring that has gone round': { step: 1234 },
  'a penalty': { penalties: 1 },
  'penalties of many chunks, a short batch': { penalties: 70, count: 19 },
};

describe.each([false, true])('shares of classes: %s', (soft) => {
  test.each(Object.entries(departures))('%s', (_, departure) =>
    checkKernel(gpu, checkSoftmaxCrossEntropy({ ...control, soft, ...departure })),
  );
});

test('random shapes', async () => {
  const anyLoss = fc
    .record({
      batch: fc.integer({ min: 1, max: 140 }),
      classes: fc.integer({ min: 1, max: 20 }),
      soft: fc.boolean(),
      missing: fc.integer({ min: 0, max: 20 }),
      step: fc.integer({ min: 0, max: 1000 }),
      scale: fc.constantFrom(0.1, 1, 10),
    })
    .map((c) => ({ ...control, ...c, count: Math.max(1, c.batch - c.missing) }));
  const property = fc.asyncProperty(anyLoss, (c) => checkKernel(gpu, checkSoftmaxCrossEntropy(c)));
  await fc.assert(property, { seed: 1, numRuns: 20 });
});

test.each([false, true])('one class is certain; shares: %s', async (soft) => {
  const shape = { batch: 2, classes: 1, soft, record: { words: 8, slots: 1 } };
  const launch = await launchGuarded(gpu, cacheOf(gpu), softmaxCrossEntropy, shape, {});
  const { p, dz, records } = await launch.run({
    z: Float32Array.from([-3, 7]),
    ...(soft ? { targets: Float32Array.from([1, 0.5]) } : { labels: Uint32Array.from([0, 0]) }),
    state: stateOf({ count: 2 }),
  });
  launch.dispose();
  expect([...floats(p!), ...floats(dz!)]).toEqual([1, 1, 0, 0]);
  expect([floats(records!)[recordField.loss], records![recordField.correct]]).toEqual([0, 2]);
});

describe('logits that are no numbers', () => {
  async function run(z: number[], labels: number[]) {
    const classes = z.length / labels.length;
    const shape = { batch: labels.length, classes, soft: false, record: { words: 8, slots: 1 } };
    const launch = await launchGuarded(gpu, cacheOf(gpu), softmaxCrossEntropy, shape, {});
    const { p, dz, records } = await launch.run({
      z: Float32Array.from(z),
      labels: Uint32Array.from(labels),
      state: stateOf({ count: labels.length }),
    });
    launch.dispose();
    return { p: floats(p!), dz: floats(dz!), loss: floats(records!)[recordField.loss]! };
  }

  test.each([0, 1, 2])('a NaN of class %i makes the loss one, whatever the label', async (k) => {
    for (const label of [0, 1, 2]) {
      const { p, dz, loss } = await run([1, 2, 3, 0, 0, 0].with(k, Number.NaN), [label, 1]);
      expect([...p.subarray(0, 3)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      expect([...dz.subarray(0, 3)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      expect(loss).toBeNaN();
      // The other sample is unchanged.
      expect(p[3]).toBeCloseTo(1 / 3, 6);
    }
  });

  test('an infinite one makes the loss infinite, or none at all', async () => {
    expect((await run([1, Infinity, 3], [0])).loss).not.toSatisfy(Number.isFinite);
    expect((await run([1, Infinity, 3], [1])).loss).not.toSatisfy(Number.isFinite);
    expect((await run([-Infinity, 0, 0], [0])).loss).toBe(Infinity);
    expect((await run([-Infinity, 0, 0], [1])).loss).toBeCloseTo(Math.log(2), 6);
  });
});

test('of equal logits the first counts as a hit', async () => {
  const shape = { batch: 3, classes: 3, soft: false, record: { words: 8, slots: 1 } };
  const launch = await launchGuarded(gpu, cacheOf(gpu), softmaxCrossEntropy, shape, {});
  const { records } = await launch.run({
    z: Float32Array.from([2, 2, 1, 2, 2, 1, 5, 5, 5]),
    labels: Uint32Array.from([0, 1, 0]),
    state: stateOf({ count: 3 }),
  });
  launch.dispose();
  expect(records![recordField.correct]).toBe(2);
});
