import { describe, expect, test } from 'vitest';
import {
  type CheckpointEvery,
  ConfigurationError,
  createPace,
  createTrainer,
  formatRun,
  type OptimizerConfig,
  parseRun,
  type Snapshot,
  type TrainerOptions,
} from '../../src/index.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { exactRescale, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(42);
const optionsOf = (optimizer: OptimizerConfig, augmentation: object = { rotationRange: 20 }): TrainerOptions => ({
  model: smallModel,
  optimizer,
  batchSize: 8,
  seed: 5,
  augmentation: { rescale: exactRescale, ...augmentation },
});

/** Through a file and back, as in a reload. */
const kept = (options: TrainerOptions, snapshot: Snapshot) =>
  parseRun(
    formatRun({
      options,
      dataset: { name: 'small', imageShape: [6, 6, 1], classNames: ['a', 'b', 'c'], trainSamples: 42, testSamples: 42 },
      epochs: 4,
      history: { epochs: [], steps: [], verdicts: [], probes: [] },
      snapshot,
    }),
  ).snapshot;

describe.each<[string, OptimizerConfig]>([
  ['adam', { type: 'adam', learningRate: 0.01 }],
  ['sgd with momentum', { type: 'sgd', learningRate: 0.05, momentum: 0.9 }],
  ['plain sgd', 'sgd'],
  ['a schedule', { type: 'sgd', learningRate: { type: 'cosineDecay', initialLearningRate: 0.1, decaySteps: 24 } }],
  ['adam with three slots', { type: 'adam', amsgrad: true }],
  ['nadam, whose momentum has a schedule', 'nadam'],
  ['muon', 'muon'],
  ['rmsprop with three slots', { type: 'rmsprop', momentum: 0.9, centered: true }],
])('%s', (_, optimizer) => {
  test('a run that resumes from the end of an epoch, saved and loaded, ends with bit-identical results', async () => {
    const options = optionsOf(optimizer);
    const whole = createTrainer(gpu, options);
    const snapshots: Promise<Snapshot>[] = [];
    const { steps } = await whole.fit(dataset, {
      epochs: 4,
      validationData: dataset,
      onEpoch: () => snapshots.push(whole.meanwhile.snapshot()),
    });
    const second = (await Promise.all(snapshots))[1]!;
    expect(second.progress).toMatchObject({ epochs: 2, step: 12, updates: 12, skipped: 0 });
    const trainer = createTrainer(gpu, options);
    await trainer.restore(kept(options, second));
    const rest = await trainer.fit(dataset, { epochs: 2, validationData: dataset });
    expect(rest.steps.map(({ loss }) => loss)).toEqual(steps.slice(12).map(({ loss }) => loss));
    // A fit that isn't given the previous history judges its layers from scratch.
    const ends = [await whole.snapshot(), await trainer.snapshot()].map(({ health: _, ...end }) => end);
    expect(ends[1]).toEqual(ends[0]);
    expect(await trainer.predict(dataset)).toEqual(await whole.predict(dataset));
    expect(rest.steps.map(({ learningRate }) => learningRate)).toEqual(
      steps.slice(12).map(({ learningRate }) => learningRate),
    );
    whole.dispose();
    trainer.dispose();
  });
});

test('a run that resumes in the middle of an epoch ends with bit-identical results and reports the same', async () => {
  const options = optionsOf('adam');
  const told = (records: readonly { seconds?: number; imagesPerSecond?: number }[]) =>
    records.map(({ seconds, imagesPerSecond, ...record }) => record);
  const whole = createTrainer(gpu, options);
  const undisturbed = await whole.fit(dataset, { epochs: 3, validationData: dataset });
  expect(undisturbed.steps).toHaveLength(18);

  const first = createTrainer(gpu, options);
  const [pace, stopping] = [createPace({ paused: true }), new AbortController()];
  pace.step(9);
  const begun = await first.fit(dataset, {
    epochs: 3,
    validationData: dataset,
    pace,
    signal: stopping.signal,
    onPause: () => stopping.abort(),
  });
  expect(begun.steps).toHaveLength(9);
  expect(begun.stopped).toBe(true);

  const second = createTrainer(gpu, options);
  await second.restore(kept(options, await first.snapshot()));
  const goesOn = {
    epochs: 3,
    initialEpoch: 1,
    initialSteps: begun.steps.slice(6),
    initialVerdicts: begun.verdicts,
    validationData: dataset,
  };
  const rest = await second.fit(dataset, goesOn);
  expect(rest.stopped).toBe(false);
  // So does its health: the snapshot contains which units were positive and the evidence for verdicts.
  expect([...begun.steps, ...rest.steps]).toEqual(undisturbed.steps);
  expect([...begun.verdicts, ...rest.verdicts]).toEqual(undisturbed.verdicts);
  expect(told([...begun.epochs, ...rest.epochs])).toEqual(told(undisturbed.epochs));
  for (const { seconds, imagesPerSecond } of rest.epochs) expect(seconds * imagesPerSecond).toBeLessThan(42.001);
  expect(rest.epochs[0]!.seconds * rest.epochs[0]!.imagesPerSecond).toBeCloseTo(42 - 3 * 8);
  expect(await second.snapshot()).toEqual(await whole.snapshot());

  await expect(second.fit(dataset, { epochs: 3, initialEpoch: 3 })).rejects.toThrow('No epoch is left');
  await expect(second.fit(dataset, { initialSteps: begun.steps })).rejects.toThrow('not the steps of a partial epoch');
  const fresh = createTrainer(gpu, options);
  await expect(fresh.fit(dataset, { initialSteps: begun.steps.slice(6) })).rejects.toThrow('has begun 0 epochs');
  for (const trainer of [whole, first, second, fresh]) trainer.dispose();
});

const everies: [CheckpointEvery | undefined, number[]][] = [
  [undefined, [6, 12, 18]],
  [{ epochs: 2 }, [12]],
  [{ steps: 4 }, [4, 8, 12, 16]],
  [{ steps: 6 }, [6, 12, 18]],
];
test.each(everies)('onCheckpoint with %j: from each state a run resumes to the same bits', async (every, taken) => {
  const options = optionsOf('adam');
  const whole = createTrainer(gpu, options);
  const snapshots: Snapshot[] = [];
  const { steps, verdicts } = await whole.fit(dataset, {
    epochs: 3,
    ...(every && { checkpointEvery: every }),
    onCheckpoint: (snapshot) => {
      snapshots.push(snapshot);
    },
  });
  expect(snapshots.map(({ progress }) => progress.step)).toEqual(taken);
  const end = await whole.snapshot();
  for (const snapshot of snapshots.filter(({ progress }) => progress.step < 18)) {
    const { step } = snapshot.progress;
    const initialEpoch = Math.floor(step / 6);
    const trainer = createTrainer(gpu, options);
    await trainer.restore(kept(options, snapshot));
    const rest = await trainer.fit(dataset, {
      epochs: 3,
      initialEpoch,
      initialSteps: steps.slice(6 * initialEpoch, step),
      initialVerdicts: verdicts.filter((verdict) => verdict.step <= step),
    });
    expect(rest.steps).toEqual(steps.slice(step));
    expect(await trainer.snapshot()).toEqual(end);
    trainer.dispose();
  }
  whole.dispose();
});

test('training waits for onCheckpoint, which may stop it; an invalid checkpointEvery is rejected', async () => {
  const trainer = createTrainer(gpu, optionsOf('adam'));
  const stopping = new AbortController();
  const { steps, stopped } = await trainer.fit(dataset, {
    epochs: 3,
    checkpointEvery: { seconds: 0 },
    signal: stopping.signal,
    onCheckpoint: async ({ progress }) => {
      await Promise.resolve();
      if (progress.step >= 3) stopping.abort();
    },
  });
  expect(stopped).toBe(true);
  expect(steps.length).toBeGreaterThanOrEqual(3);
  expect((await trainer.snapshot()).progress.step).toBe(steps.length);
  for (const checkpointEvery of [{ steps: 0 }, { epochs: 1.5 }, { minutes: 1 }, {}, '3steps']) {
    const options = { checkpointEvery } as object;
    await expect(trainer.fit(dataset, options)).rejects.toThrow('{ steps: n }, { epochs: n } or { seconds: n }');
  }
  trainer.dispose();
});

test('contains what the augmentation has computed from the images', async () => {
  const options = optionsOf('adam', { featurewiseCenter: true, featurewiseStdNormalization: true });
  const first = createTrainer(gpu, options);
  await first.fit(dataset, { epochs: 1 });
  const snapshot = kept(options, await first.snapshot());
  expect(snapshot.statistics?.std[0]).toBeGreaterThan(0);
  const second = createTrainer(gpu, options);
  await second.restore(snapshot);
  expect(await second.predict(dataset)).toEqual(await first.predict(dataset));
  first.dispose();
  second.dispose();
});

test('a snapshot of another model or optimizer is rejected, and nothing changes', async () => {
  const adam = createTrainer(gpu, optionsOf('adam'));
  const sgd = createTrainer(gpu, optionsOf('sgd'));
  const before = await adam.snapshot();
  await expect(adam.restore(await sgd.snapshot())).rejects.toThrow('another optimizer');
  const weights = before.weights.slice(1);
  await expect(adam.restore({ ...before, weights })).rejects.toThrow(ConfigurationError);
  expect(await adam.snapshot()).toEqual(before);
  adam.dispose();
  sgd.dispose();
});
