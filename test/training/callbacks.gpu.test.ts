import { describe, expect, test } from 'vitest';
import {
  createTrainer,
  type EpochRecord,
  type FitSettings,
  formatRun,
  NonFiniteError,
  parseRun,
  type Snapshot,
  type TrainerOptions,
} from '../../src/index.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { exactRescale, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(42);
const validationData = smallDataset(21, 2);
const options: TrainerOptions = {
  model: smallModel,
  batchSize: 8,
  seed: 3,
  optimizer: { type: 'adam', learningRate: 0.01 },
  augmentation: { rescale: exactRescale },
  metrics: ['f1Score'],
};
const make = (more: Partial<TrainerOptions> = {}) => createTrainer(gpu, { ...options, ...more });
const untimed = (epochs: readonly EpochRecord[]) => epochs.map(({ seconds, imagesPerSecond, ...record }) => record);

/** Through a file and back. */
const kept = (snapshot: Snapshot, fit: FitSettings) =>
  parseRun(
    formatRun({
      options,
      dataset: { name: 'small', imageShape: [6, 6, 1], classNames: ['a', 'b', 'c'], trainSamples: 42, testSamples: 21 },
      epochs: 6,
      history: { epochs: [], steps: [], verdicts: [], probes: [] },
      snapshot,
      fit,
    }),
  );

// The loss decreases, which is no improvement with the mode `max`, so every epoch from the first on counts against the patience.
const waits = { monitor: 'loss', mode: 'max' } as const;

describe('earlyStopping and reduceLrOnPlateau', () => {
  const fit: FitSettings = {
    earlyStopping: { ...waits, patience: 3, restoreBestWeights: true },
    reduceLrOnPlateau: { ...waits, patience: 1, factor: 0.5 },
  };

  test('end a run early with the weights of its best epoch; an interrupted run ends with bit-identical results', async () => {
    const whole = make();
    const states: Promise<Snapshot>[] = [];
    const told: EpochRecord[] = [];
    const history = await whole.fit(dataset, {
      ...fit,
      epochs: 6,
      validationData,
      onEpoch: (record) => {
        told.push(record);
        states.push(whole.meanwhile.snapshot());
      },
    });
    expect(history.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(history.stopped).toBe(false);
    expect(history.stoppedEarly).toEqual({
      epoch: 4,
      reason: 'earlyStopping',
      monitor: 'loss',
      best: history.epochs[0]!.loss,
      bestEpoch: 1,
      restoredBestWeights: true,
    });
    const f32 = Math.fround;
    expect(history.epochs.map(({ reducedLearningRate }) => reducedLearningRate)).toEqual([
      undefined,
      f32(0.005),
      f32(0.0025),
      f32(0.00125),
    ]);
    expect(told).toEqual(history.epochs);
    const snapshots = await Promise.all(states);
    const end = await whole.snapshot();
    expect(end.weights).toEqual(snapshots[0]!.weights);
    expect(end.weights).not.toEqual(snapshots[3]!.weights);
    expect(end.learningRate).toBe(f32(0.00125));

    for (const initialEpoch of [2, 4]) {
      const resumed = make();
      const saved = kept(snapshots[initialEpoch - 1]!, fit);
      expect(saved.fit).toEqual(fit);
      expect(saved.snapshot.callbacks!.earlyStopping!.wait).toBe(initialEpoch - 1);
      await resumed.restore(saved.snapshot);
      const rest = await resumed.fit(dataset, { ...saved.fit, epochs: 6, initialEpoch, validationData });
      expect(untimed(rest.epochs)).toEqual(untimed(history.epochs.slice(initialEpoch)));
      expect(rest.stoppedEarly).toEqual(history.stoppedEarly);
      expect(rest.stopped).toBe(false);
      const resumedEnd = await resumed.snapshot();
      expect(resumedEnd.weights).toEqual(end.weights);
      expect(resumedEnd.slots).toEqual(end.slots);
      expect(resumedEnd.callbacks).toEqual(end.callbacks);
      resumed.dispose();
    }

    // Another run of the same trainer starts over.
    const again = await whole.fit(dataset, {
      epochs: 1,
      earlyStopping: { monitor: 'validationF1Score' },
      validationData,
    });
    expect(again.epochs).toHaveLength(1);
    expect(again).not.toHaveProperty('stoppedEarly');
    expect((await whole.snapshot()).bestWeights).toBeUndefined();
    whole.dispose();
  });

  test('a run that a signal ends keeps its weights; one that ends by itself has the best', async () => {
    const trainer = make();
    const stop = new AbortController();
    const restoring = { ...waits, patience: 9, restoreBestWeights: true };
    let [first, last]: Promise<Float32Array[]>[] = [];
    const history = await trainer.fit(dataset, {
      epochs: 4,
      earlyStopping: restoring,
      signal: stop.signal,
      onEpoch: ({ epoch }) => {
        if (epoch === 1) first = trainer.meanwhile.getWeights();
        if (epoch === 2) {
          last = trainer.meanwhile.getWeights();
          stop.abort();
        }
      },
    });
    expect(history.stopped).toBe(true);
    expect(history).not.toHaveProperty('stoppedEarly');
    expect(await trainer.getWeights()).toEqual(await last);
    await trainer.fit(dataset, { epochs: 4, initialEpoch: 2, earlyStopping: restoring });
    expect(await trainer.getWeights()).toEqual(await first);
    trainer.dispose();
  });

  test('a monitor that is not measured is rejected before the first step', async () => {
    const trainer = make();
    const bad = async (settings: object, words: string) =>
      expect(trainer.fit(dataset, { epochs: 2, onStep: () => expect.unreachable(), ...settings })).rejects.toThrow(
        words,
      );
    await bad({ earlyStopping: {} }, 'give validationData or validationSplit, or monitor loss');
    await bad({ earlyStopping: { monitor: 'validationF1Scor' }, validationData }, 'did you mean "validationF1Score"?');
    await bad({ reduceLrOnPlateau: { monitor: 'acuracy' } }, 'did you mean "accuracy"?');
    await bad({ metrics: ['f1'] }, 'Unknown metric');
    await bad({ validationSplit: 0.999 }, 'leaves no image to train on');
    await bad({ earlyStoping: {} }, 'did you mean "earlyStopping"?');
    trainer.dispose();
  });
});

describe('validation', () => {
  test('validationSplit trains on the first samples and validates with the last; validationData comes first', async () => {
    const [split, apart] = [make(), make()];
    const part = (from: number, to: number) => ({
      ...dataset,
      count: to - from,
      images: dataset.images.subarray(from * 36, to * 36),
      labels: dataset.labels.subarray(from, to),
    });
    const bySplit = await split.fit(dataset, { epochs: 2, validationSplit: 0.2 });
    const given = await apart.fit(part(0, 33), { epochs: 2, validationData: part(33, 42) });
    expect(bySplit.steps).toEqual(given.steps);
    expect(untimed(bySplit.epochs)).toEqual(untimed(given.epochs));
    expect(bySplit.epochs[0]!.validationF1Score).toBeGreaterThanOrEqual(0);
    const both = await split.fit(dataset, { validationSplit: 0.2, validationData });
    expect(both.steps.reduce((sum, { samples }) => sum + samples, 0)).toBe(42);
    const generator = make({ augmentation: { validationSplit: 0.25 } });
    await expect(generator.fit(dataset, { validationSplit: 0.2 })).rejects.toThrow('validationSplit is set twice');
    for (const trainer of [split, apart, generator]) trainer.dispose();
  });

  test('validationFreq leaves epochs without; callbacks do not count them', async () => {
    const trainer = make();
    const { epochs, stoppedEarly } = await trainer.fit(dataset, {
      epochs: 8,
      validationData,
      validationFreq: [2, 4, 5, 7],
      earlyStopping: { monitor: 'validationLoss', mode: 'max', minDelta: 100, patience: 2 },
    });
    const validated = epochs.filter(({ validationLoss }) => validationLoss !== undefined);
    expect(validated.map(({ epoch }) => epoch)).toEqual([2, 4, 5]);
    expect(stoppedEarly).toMatchObject({ epoch: 5, bestEpoch: 2 });
    trainer.dispose();
  });
});

test('terminateOnNaN ends the run at the first bad step, and no later step moves the weights', async () => {
  const broken = { optimizer: { type: 'sgd', learningRate: 1e30 } } as const;
  const ends = await Promise.all(
    [true, false].map(async (terminateOnNaN) => {
      const trainer = make(broken);
      // Enough steps that several are in flight when the bad one is detected.
      const error = await trainer.fit(smallDataset(8 * 300), { terminateOnNaN }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(NonFiniteError);
      const { steps } = (error as NonFiniteError).history!;
      const { progress } = await trainer.snapshot();
      trainer.dispose();
      return { bad: steps.filter(({ skipped }) => skipped).length, last: steps.at(-1)!.skipped, progress, steps };
    }),
  );
  expect(ends.map(({ bad, last }) => ({ bad, last }))).toEqual([
    { bad: 1, last: true },
    { bad: 3, last: true },
  ]);
  for (const { progress, steps, bad } of ends) expect(progress.updates).toBe(steps.length - bad);
});
