import { afterAll, expect, test } from 'vitest';
import { createTrainer, openGpu, type TrainerOptions } from '../../src/index.ts';
import { type PairOptions, trainPair } from '../../src/train/twins.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

const gpu = await openGpu();
afterAll(() => gpu.dispose());

// Six steps an epoch, the last of them short.
const datasets = { train: smallDataset(22), test: smallDataset(9, 2) };
const plain: TrainerOptions = { model: smallModel, batchSize: 4, augmentation: { rescale: exactRescale } };
const turned: TrainerOptions = { ...plain, augmentation: { rotationRange: 20, rescale: exactRescale } };
const pair: PairOptions = { vary: 'augmentation', a: plain, b: turned, seed: 5, epochs: 2 };

/** Also tells NaN from null, and 0 from -0. */
const bits = (value: unknown) =>
  JSON.stringify(value, (_, it) => (typeof it === 'number' ? (Object.is(it, -0) ? '-0' : String(it)) : it));

test('a pair is a function of its configuration, to the bit', async () => {
  const first = await trainPair(gpu, datasets, pair);
  expect(first!.a.epochs).toHaveLength(2);
  expect(bits(await trainPair(gpu, datasets, pair))).toBe(bits(first));
  expect(bits(await trainPair(gpu, datasets, { ...pair, seed: 6 }))).not.toBe(bits(first));
  const swapped = await trainPair(gpu, datasets, { ...pair, a: turned, b: plain });
  expect(bits(swapped!.a)).toBe(bits(first!.b));
  expect(bits(swapped!.b)).toBe(bits(first!.a));
});

test("each twin's figures are those of a run of its own, epochs in one fit", async () => {
  const record = await trainPair(gpu, datasets, pair);
  for (const [options, twin] of [
    [plain, record!.a],
    [turned, record!.b],
  ] as const) {
    const trainer = createTrainer(gpu, { ...options, seed: 5 });
    const { epochs } = await trainer.fit(datasets.train, { epochs: 2, validationData: datasets.test });
    for (const [i, epoch] of epochs.entries()) {
      const { loss, accuracy, validationLoss, validationAccuracy, layers } = twin.epochs[i]!;
      expect({ loss, accuracy, validationLoss, validationAccuracy }).toEqual({
        loss: epoch.loss,
        accuracy: epoch.accuracy,
        validationLoss: epoch.validationLoss,
        validationAccuracy: epoch.validationAccuracy,
      });
      for (const [name, { mean }] of Object.entries(epoch.gradientNorms)) {
        expect(layers[name]!.gradientNorm).toBeCloseTo(mean, 12);
      }
    }
    trainer.dispose();
  }
});

test('the gradients on a data set are those on its batches, the last one short', async () => {
  const trainer = createTrainer(gpu, { ...turned, seed: 5 });
  await trainer.fit(datasets.train, { epochs: 1 });
  const batches = await trainer.datasetGradients(datasets.test);
  expect(batches).toHaveLength(3);
  for (const [i, batch] of batches.entries()) {
    const { gradients } = await trainer.gradients(...batchOf(datasets.test, 4 * i, 4));
    expect(gradients.some((tensor) => tensor.some((value) => value !== 0))).toBe(true);
    expect(batch).toEqual(gradients);
  }
  const augmented = await trainer.datasetGradients(datasets.test, { augmented: true });
  expect(augmented).toHaveLength(3);
  expect(augmented).not.toEqual(batches);
  trainer.dispose();
});
