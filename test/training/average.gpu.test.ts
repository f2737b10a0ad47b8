import { describe, expect, test } from 'vitest';
import {
  ConfigurationError,
  createTrainer,
  formatRun,
  type OptimizerConfig,
  parseRun,
  type Snapshot,
  type Trainer,
  type TrainerOptions,
} from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { fillOptimizer } from '../../src/model/optimizer.ts';
import { movingAverage } from '../../src/reference/moving_average.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { trainWithAverage } from '../../src/reference/train.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { boundsOf } from '../../src/selftest/sensitivity.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, normalizedModel, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(42);
const others = smallDataset(9, 2);
const emaMomentum = 0.8;
const optionsOf = (optimizer: OptimizerConfig, model = smallModel): TrainerOptions => ({
  model,
  optimizer,
  batchSize: 8,
  seed: 5,
  augmentation: { rescale: exactRescale, rotationRange: 20 },
});
const adam = { type: 'adam', learningRate: 0.01 } as const;
const averaging = { ...adam, useEma: true, emaMomentum } as const;
const bitsOf = (tensors: readonly Float32Array[]) =>
  tensors.map((tensor) => [...new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length)]);

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

describe.each([
  ['convolutions and pools', smallModel],
  ['batch normalization, with layers that are not trained', normalizedModel],
])('20 steps: %s', (_, json) => {
  const model = compileModel(json);

  test('the average is that of the weights after each, and a bad step leaves every bit of it', async () => {
    const trainer = createTrainer(gpu, optionsOf(averaging, json));
    const plain = createTrainer(gpu, optionsOf(adam, json));
    expect(await trainer.getWeights({ weights: 'average' })).toEqual(await trainer.getWeights());
    let a: ArrayLike<number>[] = await trainer.getWeights();
    for (let t = 1; t <= 20; t++) {
      const batch = batchOf(dataset, (8 * t) % 40, 8);
      await trainer.trainOnBatch(...batch);
      await plain.trainOnBatch(...batch);
      const weights = await trainer.getWeights();
      a = a.map((before, i) => movingAverage({ emaMomentum }, { w: weights[i]!, a: before, t }).a);
      if (t !== 13) continue;
      const before = bitsOf(await trainer.getWeights({ weights: 'average' }));
      const [images, labels] = batchOf(dataset, 0, 8);
      images[3] = Number.NaN;
      for (const each of [trainer, plain]) await each.trainOnBatch(images, labels);
      expect(bitsOf(await trainer.getWeights({ weights: 'average' }))).toEqual(before);
    }
    const weights = await trainer.getWeights();
    expect(bitsOf(weights)).toEqual(bitsOf(await plain.getWeights()));
    const averages = await trainer.getWeights({ weights: 'average' });
    for (const [i, { spec }] of model.tensors.entries()) {
      if (!spec.trainable) {
        expect(averages[i]).toEqual(weights[i]);
        continue;
      }
      const largest = weights[i]!.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
      // Each update rounds a difference, a product and a sum, and keeps emaMomentum of the previous error.
      expectWithin(spec.name, averages[i]!, a[i]!, (16 * unitRoundoff * largest) / (1 - emaMomentum));
      expect(averages[i]).not.toEqual(weights[i]);
    }
    for (const each of [trainer, plain]) each.dispose();
  });
});

test("20 steps compared with the twin's, whose weights become their average now and then", async () => {
  const optimizer = { ...averaging, type: 'sgd', learningRate: 0.05, momentum: 0.9, emaOverwriteFrequency: 6 } as const;
  const model = compileModel(smallModel);
  const trainer = createTrainer(gpu, optionsOf(optimizer));
  const start = await trainer.getWeights();
  const [images, labels] = batchOf(dataset, 0, 8);
  for (let t = 1; t <= 20; t++) await trainer.trainOnBatch(images, labels);
  const train = (weights: ArrayLike<number>[], x: Float64Array) => {
    const gradients = (w: Float64Array[]) => networkGradients(model, w, x, [...labels]).gradients;
    const after = trainWithAverage(fillOptimizer(optimizer), weights, 20, gradients);
    return [...after.weights, ...after.averages];
  };
  const expected = train(start, Float64Array.from(images));
  const bounds = boundsOf(train, model, start, images);
  const actual = [...(await trainer.getWeights()), ...(await trainer.getWeights({ weights: 'average' }))];
  for (const [i, tensor] of actual.entries()) expectWithin(`tensor ${i}`, tensor, expected[i]!, bounds[i]!);
  trainer.dispose();
});

test('evaluation, prediction and the validation of fit are of the average; training continues unaffected', async () => {
  const trainer = createTrainer(gpu, optionsOf(averaging, normalizedModel));
  const undisturbed = createTrainer(gpu, optionsOf(averaging, normalizedModel));
  const plain = createTrainer(gpu, optionsOf(adam, normalizedModel));
  await trainer.getWeights();
  const { memory } = trainer;
  const { epochs } = await trainer.fit(dataset, { epochs: 1, validationData: others });
  await undisturbed.fit(dataset, { epochs: 1 });
  await plain.setWeights(await trainer.getWeights({ weights: 'average' }));
  const evaluation = await plain.evaluate(others);
  expect({ loss: epochs[0]!.validationLoss, accuracy: epochs[0]!.validationAccuracy }).toEqual(evaluation);
  expect(await trainer.evaluate(others)).toEqual(evaluation);
  expect(await trainer.predict(others)).toEqual(await plain.predict(others));
  expect(await trainer.activations(others)).toEqual(await plain.activations(others));
  await plain.setWeights(await trainer.getWeights());
  expect(await trainer.evaluate(others, { weights: 'current' })).toEqual(await plain.evaluate(others));
  expect(await trainer.meanwhile.predict(others, { weights: 'current' })).toEqual(await plain.predict(others));
  await trainer.profile(others, { steps: 1 });
  await trainer.fit(dataset, { epochs: 1, validationData: others });
  await undisturbed.fit(dataset, { epochs: 1 });
  // The run's verdict keeps the losses of the validation, of which the uninterrupted run had none.
  const [{ health, ...found }, { health: expected, ...state }] = [
    await trainer.snapshot(),
    await undisturbed.snapshot(),
  ];
  expect(found).toEqual(state);
  expect(health!.units).toEqual(expected!.units);
  expect({ ...health!.watch, run: undefined }).toEqual({ ...expected!.watch, run: undefined });
  expect(trainer.memory).toEqual(memory);
  for (const each of [trainer, undisturbed, plain]) each.dispose();
});

test('a snapshot has the averages; a resumed run ends with bit-identical results', async () => {
  const options = optionsOf(averaging);
  const [whole, first, second] = [1, 2, 3].map(() => createTrainer(gpu, options)) as [Trainer, Trainer, Trainer];
  await whole.fit(dataset, { epochs: 3 });
  await first.fit(dataset, { epochs: 1 });
  const snapshot = await first.snapshot();
  expect(snapshot.averages).toEqual(await first.getWeights({ weights: 'average' }));
  await second.restore(kept(options, snapshot));
  await second.fit(dataset, { epochs: 3, initialEpoch: 1 });
  expect(await second.snapshot()).toEqual(await whole.snapshot());
  // From a run without an average: the average begins at its weights.
  const { averages: _, ...without } = snapshot;
  await second.restore(without);
  expect(await second.getWeights({ weights: 'average' })).toEqual(snapshot.weights);
  await expect(second.restore({ ...snapshot, averages: [] })).rejects.toThrow(ConfigurationError);
  for (const each of [whole, first, second]) each.dispose();
});

test('what keeps no average is asked for none', async () => {
  const trainer = createTrainer(gpu, optionsOf(adam));
  await expect(trainer.evaluate(others, { weights: 'average' })).rejects.toThrow('keeps no moving average');
  await expect(trainer.getWeights({ weights: 'average' })).rejects.toThrow('useEma: true');
  await expect(trainer.predict(others, { weights: 'averaged' as never })).rejects.toThrow(ConfigurationError);
  expect((await trainer.snapshot()).averages).toBeUndefined();
  trainer.dispose();
});

test.each([
  [{ useEma: true, emaMomentum: 1.1 }, 'a number from 0 to 1'],
  [{ useEma: true, emaMomentum: -0.1 }, 'a number from 0 to 1'],
  [{ useEma: true, emaOverwriteFrequency: 0 }, 'an integer from 1'],
  [{ emaOverwriteFrequency: 5 }, 'set useEma: true'],
  [{ useEMA: true }, 'did you mean "useEma"'],
])('%j is refused', (options, words) => {
  expect(() => createTrainer(gpu, optionsOf({ ...adam, ...options } as OptimizerConfig))).toThrow(words);
});
