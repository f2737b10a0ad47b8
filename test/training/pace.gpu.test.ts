import { describe, expect, test } from 'vitest';
import {
  ConfigurationError,
  cosineDecay,
  createPace,
  createTrainer,
  type FitOptions,
  type LearningRate,
  learningRateAt,
  polynomialDecay,
  type StepRecord,
  sgd,
} from '../../src/index.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(42);
const make = () =>
  createTrainer(gpu, { model: smallModel, batchSize: 8, augmentation: { rotationRange: 20, rescale: exactRescale } });

/** A fit that reports each time it is paused. */
function held(trainer: ReturnType<typeof make>, options: FitOptions = {}) {
  const pace = createPace({ paused: true });
  const steps: StepRecord[] = [];
  let tell = () => {};
  let pause = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const done = trainer.fit(dataset, {
    epochs: 3,
    validationData: dataset,
    pace,
    onStep: (record) => steps.push(record),
    onPause: () => {
      tell();
      pause = new Promise((resolve) => {
        tell = resolve;
      });
    },
    ...options,
  });
  return { pace, steps, done, isHeld: () => pause };
}

describe('a pace', () => {
  test('holds before the first step, allows single steps, and does not affect the results', async () => {
    const plain = make();
    const undisturbed = await plain.fit(dataset, { epochs: 3, validationData: dataset });
    const trainer = make();
    const { pace, steps, done, isHeld } = held(trainer);
    await isHeld();
    expect(steps).toEqual([]);
    expect(pace.paused).toBe(true);
    for (const expected of [1, 2, 3]) {
      const next = isHeld();
      pace.step();
      await next;
      expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: expected }, (_, i) => i + 1));
    }
    const next = isHeld();
    pace.step(4); // Beyond the end of the first epoch.
    await next;
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    pace.resume();
    const { epochs } = await done;
    expect(steps).toEqual(undisturbed.steps);
    const figures = ({ loss, validationLoss }: { loss: number; validationLoss?: number }) => [loss, validationLoss];
    expect(epochs.map(figures)).toEqual(undisturbed.epochs.map(figures));
    expect(await trainer.getWeights()).toEqual(await plain.getWeights());
    trainer.dispose();
    plain.dispose();
  });

  test('the time on hold is not part of an epoch', async () => {
    const trainer = make();
    const { pace, done, isHeld } = held(trainer, { epochs: 1, validationData: undefined });
    await isHeld();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const resumed = performance.now();
    pace.resume();
    const { epochs } = await done;
    expect(epochs[0]!.seconds).toBeLessThanOrEqual((performance.now() - resumed) / 1000 + 0.5);
    trainer.dispose();
  });

  test('a signal ends the hold', async () => {
    const trainer = make();
    const stop = new AbortController();
    const { pace, done, isHeld } = held(trainer, { signal: stop.signal });
    pace.step(2);
    await isHeld();
    stop.abort();
    expect(await done).toMatchObject({ stopped: true, steps: [{ step: 1 }, { step: 2 }] });
    trainer.dispose();
  });

  test('a pause in the middle of a run', async () => {
    const trainer = make();
    const pace = createPace();
    const many = smallDataset(8 * 600);
    const steps: number[] = [];
    const stop = new AbortController();
    let whenHeld = () => {};
    const isHeld = new Promise<void>((resolve) => {
      whenHeld = resolve;
    });
    const done = trainer.fit(many, {
      pace,
      signal: stop.signal,
      onPause: whenHeld,
      onStep: ({ step }) => {
        steps.push(step);
        if (step === 20) pace.pause();
      },
    });
    await isHeld;
    const reached = steps.length;
    // Two submissions of at most 60 steps may be in flight.
    expect(reached).toBeLessThanOrEqual(20 + 60 + 120);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(steps).toHaveLength(reached);
    pace.resume();
    expect((await done).steps).toHaveLength(600);
    trainer.dispose();
  });

  test('invalid calls', async () => {
    expect(() => createPace().step(0)).toThrow(ConfigurationError);
    const trainer = make();
    await expect(trainer.fit(dataset, { pace: { paused: true } as never })).rejects.toThrow('the result of createPace');
    trainer.dispose();
  });
});

test('while fit is running or on hold, calls that cannot wait are executed', async () => {
  const plain = make();
  const undisturbed = await plain.fit(dataset, { epochs: 3 });
  const trainer = make();
  const { pace, steps, done, isHeld } = held(trainer, { validationData: undefined });
  pace.step(5);
  await isHeld();
  const [images] = batchOf(dataset, 0, 8);
  const { meanwhile } = trainer;
  const [weights, prediction, evaluation] = await Promise.all([
    meanwhile.getWeights(),
    meanwhile.predict(images),
    meanwhile.evaluate(dataset),
  ]);
  expect(steps).toHaveLength(5);
  const other = make();
  await other.setWeights(weights);
  expect(await other.predict(images)).toEqual(prediction);
  expect(await other.evaluate(dataset)).toEqual(evaluation);
  // Calls during a run are answered before its end.
  const order: string[] = [];
  const during = meanwhile.predict(images).then(() => order.push('predict'));
  pace.resume();
  const history = done.then((all) => {
    order.push('fit');
    return all;
  });
  await during;
  expect((await history).steps).toEqual(undisturbed.steps);
  expect(order).toEqual(['predict', 'fit']);
  expect(await trainer.getWeights()).toEqual(await plain.getWeights());
  expect(await meanwhile.predict(images)).toEqual(await trainer.predict(images)); // Sequentially, if none is running.
  for (const each of [plain, trainer, other]) each.dispose();
});

test('a changed learning rate applies to the following steps only', async () => {
  const trainer = make();
  const { pace, done, isHeld } = held(trainer, { validationData: undefined });
  pace.step(3);
  await isHeld();
  const before = await trainer.meanwhile.getWeights();
  await trainer.setLearningRate(0);
  const second = isHeld();
  pace.step(3);
  await second;
  expect(await trainer.meanwhile.getWeights()).toEqual(before);
  const schedule = cosineDecay({ initialLearningRate: 0.1, decaySteps: 30 });
  await trainer.setLearningRate(schedule);
  const third = isHeld();
  pace.step(3);
  await third;
  // If two calls overtake each other, the later one counts, even if the earlier one has to wait for a pipeline.
  const linear = polynomialDecay({ initialLearningRate: 0.1, decaySteps: 100 });
  await Promise.all([trainer.setLearningRate(linear), trainer.setLearningRate(schedule)]);
  pace.resume();
  const { steps } = await done;
  const expected = steps.map((_, i) => (i < 3 ? 0.001 : i < 6 ? 0 : learningRateAt(schedule, i)));
  expectWithin(
    'learning rates',
    steps.map(({ learningRate }) => learningRate!),
    expected,
    expected.map((rate) => 6e-7 * rate),
  );
  expect(await trainer.getWeights()).not.toEqual(before);
  await expect(trainer.setLearningRate(-1)).rejects.toThrow('learningRate');
  trainer.dispose();
});

test('a schedule counts updates: over a second fit, skipped steps, and a change in the middle', async () => {
  const learningRate = polynomialDecay({ initialLearningRate: 0.1, decaySteps: 100 });
  const trainer = createTrainer(gpu, { model: smallModel, batchSize: 8, optimizer: sgd({ learningRate }) });
  const ratesOf = async () => (await trainer.fit(dataset)).steps.map((step) => step.learningRate!);
  const rates = (by: LearningRate, first: number) => Array.from({ length: 6 }, (_, i) => learningRateAt(by, first + i));
  const expectRates = async (by: LearningRate, first: number) => {
    const expected = rates(by, first);
    expectWithin(
      'learning rates',
      await ratesOf(),
      expected,
      expected.map((rate) => 6e-7 * rate),
    );
  };
  await expectRates(learningRate, 0);
  const [images, labels] = batchOf(dataset, 0, 8);
  await trainer.trainOnBatch(images.fill(Number.NaN), labels);
  await expectRates(learningRate, 6);
  await trainer.setLearningRate(0.02);
  expect((await trainer.snapshot()).learningRate).toBe(0.02);
  await expectRates(0.02, 12);
  const other = cosineDecay({ initialLearningRate: 0.1, decaySteps: 30 });
  await trainer.setLearningRate(other);
  await expectRates(other, 18);
  const snapshot = await trainer.snapshot();
  expect(snapshot.learningRate).toMatchObject(other);
  // Another trainer resumes with it, whatever its own options.
  await trainer.setLearningRate(0.5);
  await trainer.restore(snapshot);
  await expectRates(other, 24);
  await expect(trainer.setLearningRate({ type: 'cosine' } as never)).rejects.toThrow('Unknown learning-rate schedule');
  trainer.dispose();
});
