import { describe, expect, test } from 'vitest';
import { createTrainer, type EpochRecord, openGpu, type StepRecord } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { expectBatch } from './closeness.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

const model = compileModel(smallModel);
const dataset = smallDataset(42);
const validationData = smallDataset(9, 2);
const batchSize = 8;
const make = (options: object = {}) =>
  createTrainer(gpu, { model: smallModel, batchSize, augmentation: { rescale: exactRescale }, ...options });

describe('fit', () => {
  test('reports every step and epoch in order, and returns all of them', async () => {
    const trainer = make();
    const told: string[] = [];
    const steps: StepRecord[] = [];
    const epochs: EpochRecord[] = [];
    const history = await trainer.fit(dataset, {
      epochs: 3,
      validationData,
      onStep: (record, progress) => {
        told.push(`step ${record.step}`);
        steps.push(record);
        expect(progress).toEqual({ epochSteps: 6, epochs: 3 });
      },
      onEpoch: (record) => {
        told.push(`epoch ${record.epoch}`);
        epochs.push(record);
      },
    });
    const numbered = (first: number) => Array.from({ length: 6 }, (_, i) => `step ${first + i}`);
    expect(told).toEqual([...numbered(1), 'epoch 1', ...numbered(7), 'epoch 2', ...numbered(13), 'epoch 3']);
    expect(history).toEqual({
      steps,
      epochs,
      stopped: false,
      skippedSteps: 0,
      images: expect.objectContaining({ training: expect.objectContaining({ kind: 'resident' }) }),
      verdicts: expect.any(Array),
      runVerdicts: [],
      probes: [],
      warnings: [],
    });
    for (const { step, epoch, samples, accuracy, gradientNorms } of steps) {
      expect(epoch).toBe(Math.ceil(step / 6));
      expect(samples).toBe(step % 6 ? 8 : 2);
      expect(Number.isInteger(accuracy! * samples)).toBe(true);
      expect(Object.keys(gradientNorms)).toEqual(['conv2d', 'conv2d_1', 'dense', 'dense_1']);
    }
    for (const { epoch, seconds, imagesPerSecond } of epochs) {
      expect(seconds).toBeGreaterThan(0);
      expect(imagesPerSecond).toBeCloseTo(42 / seconds, 6);
      const own = steps.filter((record) => record.epoch === epoch);
      const mean = own.reduce((sum, { loss, samples }) => sum + loss * samples, 0) / 42;
      expect(epochs[epoch - 1]!.loss).toBeCloseTo(mean, 12);
    }
    const { compileMs, uploadMs, firstStepMs } = trainer.startup;
    for (const ms of [compileMs, uploadMs, firstStepMs]) expect(ms).toBeGreaterThan(0);
    trainer.dispose();
  });

  test('without keepHealth the history is the same but for its health, which is reported', async () => {
    const [all, few] = [make(), make()];
    const whole = await all.fit(dataset, { epochs: 2 });
    const told: StepRecord[] = [];
    const history = await few.fit(dataset, { epochs: 2, keepHealth: false, onStep: (record) => told.push(record) });
    expect(told).toEqual(whole.steps);
    for (const { health } of told) expect(Object.keys(health!.layers)).toHaveLength(4);
    expect(history.steps).toEqual(whole.steps.map(({ health: _, ...step }) => step));
    expect(history.verdicts).toEqual(whole.verdicts);
    const figures = ({ seconds: _, imagesPerSecond: __, ...record }: EpochRecord) => record;
    expect(history.epochs.map(figures)).toEqual(whole.epochs.map(figures));
    all.dispose();
    few.dispose();
  });

  test('learns', async () => {
    const trainer = make({ optimizer: { type: 'adam', learningRate: 0.01 }, seed: 1 });
    const { epochs } = await trainer.fit(dataset, { epochs: 20, validationData });
    expect(epochs.at(-1)!.accuracy).toBeGreaterThan(0.9);
    expect(epochs.at(-1)!.validationAccuracy).toBeGreaterThan(0.8);
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss / 2);
    trainer.dispose();
  });

  test('validation figures equal those of evaluate, without the augmentation', async () => {
    const trainer = make({ augmentation: { rotationRange: 90, verticalFlip: true, rescale: exactRescale } });
    for (let i = 0; i < 2; i++) {
      const { epochs } = await trainer.fit(dataset, { validationData });
      const { loss, accuracy } = await trainer.evaluate(validationData);
      expect(epochs).toHaveLength(1);
      expect(epochs[0]).toMatchObject({ epoch: 1, validationLoss: loss, validationAccuracy: accuracy });
    }
    const { epochs } = await trainer.fit(dataset);
    expect(epochs[0]).not.toHaveProperty('validationLoss');
    trainer.dispose();
  });

  test('a signal stops it, and the completed steps are reported', async () => {
    const trainer = make();
    const stop = new AbortController();
    const onEpoch = ({ epoch }: EpochRecord) => epoch === 3 && stop.abort();
    const between = await trainer.fit(dataset, { epochs: 10, signal: stop.signal, onEpoch });
    expect(between).toMatchObject({ stopped: true, epochs: [{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }] });
    expect(between.steps).toHaveLength(18);

    const within = new AbortController();
    const onStep = ({ step }: StepRecord) => step === 8 && within.abort();
    const many = smallDataset(8 * 400);
    const part = await trainer.fit(many, { epochs: 2, signal: within.signal, onStep, validationData });
    expect(part).toMatchObject({ stopped: true, epochs: [] });
    // Two submissions of at most 60 steps may be in flight.
    expect(part.steps.length).toBeLessThanOrEqual(8 + 60 + 120);

    const never = await trainer.fit(dataset, { signal: AbortSignal.abort() });
    expect(never).toEqual({
      stopped: true,
      epochs: [],
      steps: [],
      skippedSteps: 0,
      images: expect.objectContaining({ training: expect.objectContaining({ kind: 'resident' }) }),
      verdicts: [],
      runVerdicts: [],
      probes: [],
      warnings: [],
    });

    const last = new AbortController();
    const all = await trainer.fit(dataset, { signal: last.signal, onEpoch: () => last.abort() });
    expect(all).toMatchObject({ stopped: false, epochs: [{ epoch: 1 }] });
    trainer.dispose();
  });

  test('a data set smaller than a batch, and of one image', async () => {
    const trainer = make();
    const { steps } = await trainer.fit(smallDataset(3), { epochs: 2 });
    expect(steps.map(({ samples }) => samples)).toEqual([3, 3]);
    const one = await trainer.fit(smallDataset(1));
    expect(one.steps.map(({ samples }) => samples)).toEqual([1]);
    expect(one.epochs[0]!.loss).toBe(one.steps[0]!.loss);
    trainer.dispose();
  });
});

test('a device with the default limits and no feature trains', async () => {
  const plain = await openGpu({ defaultLimitsOnly: true });
  expect([...plain.device.features].filter((name) => name !== 'core-features-and-limits')).toEqual([]);
  expect(plain.device.limits.maxStorageBuffersPerShaderStage).toBe(8);
  expect(plain.device.limits.maxStorageBufferBindingSize).toBe(2 ** 27);
  const trainer = createTrainer(plain, { model: smallModel, batchSize, augmentation: { rotationRange: 15 } });
  const weights = await trainer.getWeights();
  const [images, labels] = batchOf(dataset, 0, batchSize);
  const twin = networkGradients(model, weights, images, labels);
  expectBatch(model, await trainer.gradients(images, labels), twin, boundsOfBatch(model, weights, images, labels));
  const { epochs, skippedSteps } = await trainer.fit(dataset, { epochs: 8, validationData });
  expect(skippedSteps).toBe(0);
  expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss);
  plain.dispose();
});

describe('figures without training', () => {
  test('predict accepts any number of images', async () => {
    const trainer = make();
    const weights = await trainer.getWeights();
    const [images, labels] = batchOf(dataset, 0, 21);
    const all = await trainer.predict(images);
    expect(all).toHaveLength(21 * 3);
    const twin = networkGradients(model, weights, images, labels);
    expectWithin('p', all, twin.probabilities, boundsOfBatch(model, weights, images, labels).probabilities);
    for (const [first, count] of [
      [0, 8],
      [3, 1],
      [16, 5],
    ] as const) {
      expect(await trainer.predict(batchOf(dataset, first, count)[0])).toEqual(
        all.slice(first * 3, (first + count) * 3),
      );
    }
    expect(await trainer.predict(new Float32Array(0))).toEqual(new Float32Array(0));
    trainer.dispose();
  });

  test('evaluate is the mean over the samples, for any batch size', async () => {
    const [trainer, other] = [make(), make({ batchSize: 5 })];
    const weights = await trainer.getWeights();
    const [images, labels] = batchOf(dataset, 0, dataset.count);
    const twin = networkGradients(model, weights, images, labels);
    const bound = boundsOfBatch(model, weights, images, labels).loss;
    for (const each of [trainer, other]) {
      const { loss, accuracy } = await each.evaluate(dataset);
      expectWithin('loss', [loss], [twin.loss], bound);
      expect(accuracy).toBe(twin.correct / dataset.count);
      each.dispose();
    }
  });

  test('trainOnBatch returns the figures before its update', async () => {
    const trainer = make();
    const batch = batchOf(dataset, 0, 8);
    const { loss, gradientNorms } = await trainer.gradients(...batch);
    const first = await trainer.trainOnBatch(...batch);
    expect(first).toMatchObject({ loss, gradientNorms });
    expect((await trainer.trainOnBatch(...batch)).loss).toBeLessThan(loss);
    trainer.dispose();
  });
});

describe('weights', () => {
  test('are in Keras’ order and layout, and a round trip preserves them', async () => {
    const trainer = make();
    const shapes = model.layers.flatMap(({ weights }) => weights.map(({ shape }) => shape));
    expect(shapes).toEqual([[3, 3, 1, 4], [4], [2, 2, 4, 3], [3], [12, 5], [5], [5, 3], [3]]);
    const start = await trainer.getWeights();
    expect(start.map(({ length }) => length)).toEqual([36, 4, 48, 3, 60, 5, 15, 3]);
    const set = start.map((tensor, i) => tensor.map((_, j) => i + j / 64));
    await trainer.setWeights(set);
    expect(await trainer.getWeights()).toEqual(set);
    // Plain arrays are accepted, too.
    await trainer.setWeights(start.map((tensor) => [...tensor]));
    expect(await trainer.getWeights()).toEqual(start);
    trainer.dispose();
  });

  test('are copies, and setWeights takes their values when it is called', async () => {
    const trainer = make();
    const start = await trainer.getWeights();
    const kept = start.map((tensor) => tensor.slice());
    for (const tensor of start) tensor.fill(7);
    expect(await trainer.getWeights()).toEqual(kept);
    const given = kept.map((tensor) => tensor.slice());
    const done = trainer.setWeights(given);
    for (const tensor of given) tensor.fill(7);
    await done;
    expect(await trainer.getWeights()).toEqual(kept);
    trainer.dispose();
  });
});

test('summary lists layers, output shapes and parameters', async () => {
  const trainer = make();
  const measured = (activation: string, next?: number) => ({ measured: { activation, next } });
  expect(trainer.summary()).toEqual([
    {
      name: 'conv2d',
      type: 'conv2d',
      outputShape: [4, 4, 4],
      parameters: 40,
      inputs: [-1],
      activation: 'relu',
      ...measured('relu', 1),
    },
    { name: 'max_pooling2d', type: 'maxPooling2d', outputShape: [2, 2, 4], parameters: 0, inputs: [0] },
    {
      name: 'conv2d_1',
      type: 'conv2d',
      outputShape: [2, 2, 3],
      parameters: 51,
      inputs: [1],
      activation: 'relu',
      ...measured('relu', 2),
    },
    { name: 'flatten', type: 'flatten', outputShape: [12], parameters: 0, inputs: [2] },
    {
      name: 'dense',
      type: 'dense',
      outputShape: [5],
      parameters: 65,
      inputs: [3],
      activation: 'tanh',
      ...measured('tanh', 3),
    },
    {
      name: 'dense_1',
      type: 'dense',
      outputShape: [3],
      parameters: 18,
      inputs: [4],
      activation: 'softmax',
      ...measured('linear'),
    },
  ]);
  trainer.dispose();
});
