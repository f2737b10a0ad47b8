import { afterAll, describe, expect, test } from 'vitest';
import {
  ConfigurationError,
  createPace,
  createTrainer,
  formatRun,
  type OptimizerConfig,
  openGpu,
  parseRun,
  type Snapshot,
  type TrainerOptions,
} from '../../src/index.ts';
import { exactRescale, smallDataset, smallModel } from './small.ts';

const gpu = await openGpu();
afterAll(() => gpu.dispose());

const dataset = smallDataset(42);
const optionsOf = (optimizer: OptimizerConfig, augmentation: object = { rotationRange: 20 }): TrainerOptions => ({
  model: smallModel,
  optimizer,
  batchSize: 8,
  seed: 5,
  augmentation: { rescale: exactRescale, ...augmentation },
});

/** Through a file and back, as a reload does. */
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
])('%s', (_, optimizer) => {
  test('a run that goes on from the end of an epoch, saved and loaded, ends with the same bits', async () => {
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
    const ends = [await whole.snapshot(), await trainer.snapshot()];
    expect(ends[1]).toEqual(ends[0]);
    expect(await trainer.predict(dataset)).toEqual(await whole.predict(dataset));
    whole.dispose();
    trainer.dispose();
  });
});

test('a run that goes on in the middle of an epoch ends with the same bits and tells the same', async () => {
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
  // The units that were dead or not before are not known any more.
  const seen = (steps: typeof rest.steps) => steps.map(({ health, ...step }) => step);
  expect(seen([...begun.steps, ...rest.steps])).toEqual(seen(undisturbed.steps));
  expect(told([...begun.epochs, ...rest.epochs])).toEqual(told(undisturbed.epochs));
  for (const { seconds, imagesPerSecond } of rest.epochs) expect(seconds * imagesPerSecond).toBeLessThan(42.001);
  expect(rest.epochs[0]!.seconds * rest.epochs[0]!.imagesPerSecond).toBeCloseTo(42 - 3 * 8);
  expect(await second.snapshot()).toEqual(await whole.snapshot());
  const again = [...begun.verdicts, ...rest.verdicts].map(({ layer, verdict }) => `${layer} ${verdict}`);
  expect(new Set(again).size).toBe(again.length);

  await expect(second.fit(dataset, { epochs: 3, initialEpoch: 3 })).rejects.toThrow('No epoch is left');
  await expect(second.fit(dataset, { initialSteps: begun.steps })).rejects.toThrow('not those of an epoch');
  const fresh = createTrainer(gpu, options);
  await expect(fresh.fit(dataset, { initialSteps: begun.steps.slice(6) })).rejects.toThrow('has begun 0 epochs');
  for (const trainer of [whole, first, second, fresh]) trainer.dispose();
});

test('what the augmentation has learned of the images is in it', async () => {
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

test("another model's or another optimizer's is refused, and nothing has changed", async () => {
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
