import { afterAll, describe, expect, test } from 'vitest';
import {
  ConfigurationError,
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
