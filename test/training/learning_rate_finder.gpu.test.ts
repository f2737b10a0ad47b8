import { describe, expect, test } from 'vitest';
import { createTrainer, type LearningRatePoint, learningRateAt, type TrainerOptions } from '../../src/index.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { suggest } from '../../src/train/learning_rate_finder.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { normalizedModel, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(42);
const options: TrainerOptions = {
  model: normalizedModel,
  batchSize: 4,
  accumulationSteps: 2,
  seed: 3,
  optimizer: {
    type: 'adam',
    learningRate: { type: 'cosineDecay', initialLearningRate: 0.01, decaySteps: 18 },
    useEma: true,
    emaMomentum: 0.9,
  },
  augmentation: { rotationRange: 20, featurewiseCenter: true },
};

test('a fit after it is bit-identical to one without it', async () => {
  const [plain, probed] = [createTrainer(gpu, options), createTrainer(gpu, options)];
  // Other images than those of the fit: statistics that the augmentation computes from them must not be kept either.
  await probed.findLearningRate(smallDataset(20, 9), { steps: 20 });
  const first = [await plain.fit(dataset), await probed.fit(dataset)];
  const curve = await probed.findLearningRate(dataset, { from: 1e-4, to: 10, steps: 40 });
  expect(curve.points.length).toBeGreaterThan(10);
  const second = [await plain.fit(dataset, { epochs: 2 }), await probed.fit(dataset, { epochs: 2 })];
  for (const [a, b] of [first, second]) expect(b!.steps).toEqual(a!.steps);
  expect(await probed.snapshot()).toEqual(await plain.snapshot());
  expect(second[0]!.warnings).toEqual([]);
  expect(first[0]!.warnings).toEqual([expect.stringContaining('the schedule cosineDecay is made for 18')]);
  plain.dispose();
  probed.dispose();
});

test('the rates grow by the same factor over the epochs, and training with them tells which lower the loss', async () => {
  const trainer = createTrainer(gpu, { model: smallModel, batchSize: 8, optimizer: { type: 'sgd', momentum: 0.9 } });
  const told: number[] = [];
  const range = { from: 1e-4, to: 100, steps: 60 };
  const curve = await trainer.findLearningRate(dataset, { ...range, onStep: ({ loss }) => told.push(loss) });
  const { points } = curve;
  expect(told).toEqual(points.map(({ loss }) => loss));
  const expected = points.map((_, step) =>
    learningRateAt({ type: 'exponentialDecay', initialLearningRate: 1e-4, decaySteps: 59, decayRate: 1e6 }, step),
  );
  expectWithin(
    'learning rates',
    points.map(({ learningRate }) => learningRate),
    expected,
    expected.map((rate) => 2e-6 * rate),
  );
  expect(curve.suggestion).toBeGreaterThan(1e-3);
  expect(curve.suggestion).toBeLessThan(10);
  expect(curve.reason).toMatch(/^the loss falls fastest at a learning rate of [\d.]+; it is lowest, /);

  // Non-finite steps end the search, but don't halt later training.
  const wild = await trainer.findLearningRate(dataset, { from: 1e30, to: 1e38, steps: 20 });
  expect(['notFinite', 'diverged']).toContain(wild.ended);
  expect(wild.suggestion).toBeUndefined();
  const { steps } = await trainer.fit(dataset);
  expect(steps.map(({ skipped }) => skipped)).toEqual(steps.map(() => false));

  const stopped = await trainer.findLearningRate(dataset, { signal: AbortSignal.abort() });
  expect(stopped).toMatchObject({ points: [], ended: 'aborted' });
  await expect(trainer.findLearningRate(dataset, { from: 1, to: 0.1 })).rejects.toThrow('from < to');
  await expect(trainer.findLearningRate(dataset, { steps: 5 })).rejects.toThrow('an integer from 20');
  await expect(trainer.findLearningRate(dataset, { step: 50 } as never)).rejects.toThrow('did you mean "steps"?');
  trainer.dispose();
});

describe('the suggestion', () => {
  const points = (losses: number[]): LearningRatePoint[] =>
    losses.map((loss, i) => ({ learningRate: 10 ** (-6 + (6 * i) / 99), loss, smoothedLoss: loss }));
  const curve = (of: (decade: number) => number) => points(Array.from({ length: 100 }, (_, i) => of((6 * i) / 99)));

  test('lies where the loss falls fastest, before it grows', () => {
    const found = suggest(
      curve((x) => 2 - 1.5 / (1 + Math.exp(-6 * (x - 3))) + (x > 5 ? 4 * (x - 5) : 0)),
      5,
    );
    expect(found.suggestion! / 1e-3).toBeGreaterThan(0.8);
    expect(found.suggestion! / 1e-3).toBeLessThan(1.25);
    expect(found.reason).toContain('and grows after that');
  });

  test('is none where the loss stays, rises or is hardly known', () => {
    expect(
      suggest(
        curve(() => 2),
        5,
      ),
    ).toEqual({
      reason: 'no learning rate of the sweep lowered the loss, which began at 2',
    });
    expect(
      suggest(
        curve((x) => 2 + x),
        5,
      ).suggestion,
    ).toBeUndefined();
    expect(suggest(points([2, 1, 0.5]), 5).reason).toContain('3 steps, too few');
  });
});
