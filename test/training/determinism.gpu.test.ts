import { afterEach, describe, expect, test, vi } from 'vitest';
import { createTrainer, type FitOptions, type Trainer, type TrainerOptions } from '../../src/index.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

afterEach(() => vi.restoreAllMocks());

// Six steps per epoch, the last one short.
const dataset = smallDataset(22);
const others = smallDataset(9, 2);
const batchSize = 4;

const make = (options: Partial<TrainerOptions> = {}): Trainer =>
  createTrainer(gpu, {
    model: smallModel,
    batchSize,
    seed: 5,
    augmentation: { rotationRange: 20, zoomRange: 0.2, rescale: exactRescale },
    ...options,
  });

/** All bits of a trainer: its weights and, through the next step's weights, the optimizer's slots. */
async function bitsOf(trainer: Trainer): Promise<number[][]> {
  const before = await trainer.getWeights();
  await trainer.trainOnBatch(...batchOf(others, 0, batchSize));
  const after = await trainer.getWeights();
  trainer.dispose();
  return [...before, ...after].map((tensor) => [...new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length)]);
}

async function fitted(options: Partial<TrainerOptions> = {}, fit: FitOptions = {}): Promise<number[][]> {
  const trainer = make(options);
  await trainer.fit(dataset, { epochs: 2, ...fit });
  return bitsOf(trainer);
}

describe('the same seed, the same bits', () => {
  const reference = fitted();

  test('a second run, its records included', async () => {
    const runs = [make(), make()];
    const [one, other] = await Promise.all(runs.map((trainer) => trainer.fit(dataset, { epochs: 2 })));
    expect(one!.steps).toHaveLength(12);
    expect(other!.steps).toEqual(one!.steps);
    for (const trainer of runs) expect(await bitsOf(trainer)).toEqual(await reference);
  });

  test.each<[string, Partial<TrainerOptions>, FitOptions?]>([
    ['another seed', { seed: 6 }],
    ['another order', {}, { shuffle: false }],
    ['no augmentation', { augmentation: { rescale: exactRescale } }],
  ])('%s, other bits', async (_, options, fit) => {
    expect(await fitted(options, fit)).not.toEqual(await reference);
  });

  test('the seed is that of the weights, of the order and of the augmentation, each by itself', async () => {
    const plain = { rescale: exactRescale };
    const weights = await make().getWeights();
    expect(await make({ seed: 6 }).getWeights()).not.toEqual(weights);
    const from = async (seed: number, augmentation: object, shuffle: boolean) => {
      const trainer = make({ seed, augmentation: { ...augmentation, ...plain } });
      await trainer.setWeights(weights);
      await trainer.fit(dataset, { shuffle });
      return bitsOf(trainer);
    };
    const rotated = { rotationRange: 20 };
    expect(await from(6, {}, false)).toEqual(await from(5, {}, false));
    expect(await from(6, {}, true)).not.toEqual(await from(5, {}, true));
    expect(await from(6, rotated, false)).not.toEqual(await from(5, rotated, false));
  });

  test.each([
    ['a submission a step', 1000, 12],
    // The first two are submitted before the first has been timed.
    ['1, 1, 4 and 6 steps a submission', 0, 4],
  ])('%s', async (_, milliseconds, submissions) => {
    // The scheduler uses the clock: steps that appear slow are submitted one by one, fast ones many together.
    let now = 1;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += milliseconds));
    const trainer = make();
    await trainer.getWeights();
    const submit = vi.spyOn(gpu.device.queue, 'submit');
    await trainer.fit(dataset, { epochs: 2 });
    expect(submit).toHaveBeenCalledTimes(submissions);
    expect(await bitsOf(trainer)).toEqual(await reference);
  });

  test('two fits of an epoch are one of two', async () => {
    const trainer = make();
    await trainer.fit(dataset);
    await trainer.fit(dataset);
    expect(await bitsOf(trainer)).toEqual(await reference);
  });

  test('what only reads leaves training unchanged', async () => {
    const [images, labels] = batchOf(others, 0, 3);
    const look = async (trainer: Trainer) => {
      await trainer.evaluate(others);
      await trainer.predict(batchOf(others, 0, 9)[0]);
      await trainer.gradients(images, labels);
      await trainer.gradients(
        images.map(() => Number.NaN),
        labels,
      );
      await trainer.profile(others, { steps: 1 });
      await trainer.setWeights(await trainer.getWeights());
    };
    const trainer = make();
    await look(trainer);
    await trainer.fit(dataset, { validationData: others });
    await look(trainer);
    await trainer.fit(dataset, { validationData: others });
    await look(trainer);
    expect(await bitsOf(trainer)).toEqual(await reference);
  });

  test('calls that do not wait for each other take turns', async () => {
    const trainer = make();
    const [, weights, , figures] = await Promise.all([
      trainer.fit(dataset),
      trainer.getWeights(),
      trainer.fit(dataset),
      trainer.evaluate(others),
    ]);
    const inOrder = make();
    await inOrder.fit(dataset);
    expect(weights).toEqual(await inOrder.getWeights());
    await inOrder.fit(dataset);
    expect(figures).toEqual(await inOrder.evaluate(others));
    expect(await bitsOf(trainer)).toEqual(await reference);
  });
});

describe('a step of fit is trainOnBatch', () => {
  const plain = { augmentation: { rescale: exactRescale } };

  test('on the same images in the same order', async () => {
    const [fitting, stepping] = [make(plain), make(plain)];
    const { steps } = await fitting.fit(dataset, { shuffle: false });
    for (const [i, { loss, accuracy, learningRate, gradientNorms, health }] of steps.entries()) {
      const record = await stepping.trainOnBatch(...batchOf(dataset, i * batchSize, batchSize));
      expect(record).toEqual({ loss, accuracy, learningRate, gradientNorms, health });
      expect(Object.keys(health!.layers)).toEqual(Object.keys(gradientNorms));
    }
    expect(steps.map(({ samples }) => samples)).toEqual([4, 4, 4, 4, 4, 2]);
    expect(await bitsOf(fitting)).toEqual(await bitsOf(stepping));
  });

  test('stopped in the middle, the weights are those of the steps that it tells of', async () => {
    const [fitting, stepping] = [make(plain), make(plain)];
    const stop = new AbortController();
    const { steps, stopped } = await fitting.fit(dataset, {
      epochs: 50,
      shuffle: false,
      signal: stop.signal,
      onStep: ({ step }) => step === 8 && stop.abort(),
    });
    expect(stopped).toBe(true);
    expect(steps.length).toBeLessThan(300);
    for (let i = 0; i < steps.length; i++) {
      await stepping.trainOnBatch(...batchOf(dataset, (i % 6) * batchSize, batchSize));
    }
    expect(await bitsOf(fitting)).toEqual(await bitsOf(stepping));
  });
});

test('the slots after a short batch have no effect, whatever an earlier batch left there', async () => {
  const [clean, used] = [make(), make()];
  const bad = new Float32Array(batchSize * 36).fill(Number.NaN);
  await used.predict(bad);
  await used.trainOnBatch(bad, [0, 1, 2, 0]);
  const [images, labels] = batchOf(others, 0, 2);
  expect(await used.gradients(images, labels)).toEqual(await clean.gradients(images, labels));
  await used.predict(bad);
  expect(await used.trainOnBatch(images, labels)).toEqual(await clean.trainOnBatch(images, labels));
  expect(await bitsOf(used)).toEqual(await bitsOf(clean));
});
