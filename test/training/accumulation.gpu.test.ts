import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createPace,
  createTrainer,
  type FitOptions,
  type Model,
  NonFiniteError,
  type Trainer,
  type TrainerOptions,
} from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { shuffledOrder } from '../../src/model/initializers.ts';
import { fillOptimizer } from '../../src/model/optimizer.ts';
import { accumulateGradients } from '../../src/reference/accumulation.ts';
import { batchNormMove } from '../../src/reference/batch_norm.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { trainSteps } from '../../src/reference/train.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { boundsOf } from '../../src/selftest/sensitivity.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { expectBatch } from './closeness.ts';
import { batchOf, exactRescale, normalizedModel, smallDataset, smallModel } from './small.ts';

afterEach(() => vi.restoreAllMocks());

const batchSize = 4;
// With three batches of four per step: 12 samples, then 10, whose last batch is short.
const dataset = smallDataset(22);
const others = smallDataset(9, 2);
const plain = { augmentation: { rescale: exactRescale } };

/** Layers that use random numbers, and regularizers, but no batch normalization. */
const noisyModel: Model = {
  inputShape: [6, 6, 1],
  layers: [
    { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu', kernelRegularizer: { l2: 0.01 } },
    { type: 'spatialDropout2d', rate: 0.25 },
    { type: 'gaussianNoise', stddev: 0.1 },
    { type: 'flatten' },
    { type: 'dropout', rate: 0.5 },
    { type: 'dense', units: 3, activation: 'softmax', kernelRegularizer: { l1: 0.01 } },
  ],
};

const make = (options: Partial<TrainerOptions> = {}): Trainer =>
  createTrainer(gpu, { model: smallModel, batchSize, seed: 5, ...plain, ...options });
const bitsOf = (tensors: readonly Float32Array[]) =>
  tensors.map((tensor) => [...new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length)]);

describe.each([
  ['convolutions, a pool and tanh', smallModel],
  ['dropout, noise and regularizers', noisyModel],
])('%s', (_, json) => {
  const model = compileModel(json);

  test('loss and gradients of a batch are those of the large batch, the short one’s too', async () => {
    for (const accumulationSteps of [2, 3]) {
      const trainer = make({ model: json, accumulationSteps, seed: 0 });
      const large = make({ model: json, batchSize: batchSize * accumulationSteps, seed: 0 });
      const weights = await trainer.getWeights();
      expect(await large.getWeights()).toEqual(weights);
      // A full step, one whose last batch is short, and one with a single batch.
      for (const count of [batchSize * accumulationSteps, batchSize * accumulationSteps - 1, 3]) {
        const [images, labels] = batchOf(dataset, 0, count);
        const bounds = boundsOfBatch(model, weights, images, [...labels]);
        const twin = networkGradients(model, weights, images, [...labels]);
        const found = await trainer.gradients(images, labels);
        expectBatch(model, found, twin, bounds);
        const expected = await large.gradients(images, labels);
        expectWithin('loss', [found.loss], [expected.loss], 2 * bounds.loss);
        for (const [t, gradient] of found.gradients.entries()) {
          expectWithin(`gradient ${t}`, gradient, expected.gradients[t]!, 2 * bounds.gradients[t]!);
        }
      }
      for (const each of [trainer, large]) each.dispose();
    }
  });

  test('an epoch whose last step has fewer batches, compared with the large batch and its twin', async () => {
    const accumulationSteps = 3;
    const seed = 5;
    const optimizer = { type: 'sgd', learningRate: 0.05, momentum: 0.9 } as const;
    const trainer = make({ model: json, accumulationSteps, optimizer, seed });
    const large = make({ model: json, batchSize: 12, optimizer, seed });
    const start = await trainer.getWeights();
    const { steps } = await trainer.fit(dataset);
    const expected = await large.fit(dataset);
    const facts = (records: typeof steps) =>
      records.map(({ step, epoch, samples, accuracy, skipped }) => ({ step, epoch, samples, accuracy, skipped }));
    expect(facts(steps)).toEqual(facts(expected.steps));
    expect(steps.map(({ samples }) => samples)).toEqual([12, 10]);

    const order = [...shuffledOrder(dataset.count, seed, 1)];
    const images = order.flatMap((sample) => [...batchOf(dataset, sample, 1)[0]]);
    const labels = order.map((sample) => dataset.labels[sample]!);
    const train = (w: ArrayLike<number>[], x: ArrayLike<number>) => {
      const losses: number[] = [];
      const weights = trainSteps(fillOptimizer(optimizer), w, 2, (at, step) => {
        const [first, end] = [12 * step, Math.min(22, 12 * (step + 1))];
        const own = Float64Array.from(x).subarray(36 * first, 36 * end);
        const given = networkGradients(model, at, own, labels.slice(first, end), undefined, {
          seed,
          epoch: 1,
          start: first,
        });
        losses.push(given.loss);
        return given.gradients;
      });
      return [...weights, losses];
    };
    const twin = train(start, images);
    const bounds = boundsOf(train, model, start, images);
    const found = [...(await trainer.getWeights()), steps.map(({ loss }) => loss)];
    for (const [i, tensor] of found.entries()) expectWithin(`tensor ${i}`, tensor, twin[i]!, bounds[i]! + 2 ** -20);
    for (const each of [trainer, large]) each.dispose();
  });
});

test('batch normalization takes the statistics of each batch, and moves its own once a batch that counts: the twin', async () => {
  const optimizer = { type: 'sgd', learningRate: 0.1 } as const;
  const model = compileModel(normalizedModel);
  const seed = 5;
  const trainer = make({ model: normalizedModel, accumulationSteps: 3, optimizer, seed });
  const start = await trainer.getWeights();
  const { steps } = await trainer.fit(dataset, { shuffle: false });
  const [images, labels] = batchOf(dataset, 0, 22);
  const train = (weights: ArrayLike<number>[], x: ArrayLike<number>) => {
    let w: Float64Array[] = weights.map((tensor) => Float64Array.from(tensor));
    const losses: number[] = [];
    // Six batches, the last of two: three per step.
    for (const batches of [
      [0, 4, 8],
      [12, 16, 20],
    ]) {
      const given = batches.map((first) => {
        const end = Math.min(22, first + batchSize);
        const own = Float64Array.from(x).subarray(36 * first, 36 * end);
        const state = { seed, epoch: 1, start: first };
        return {
          ...networkGradients(model, w, own, [...labels.subarray(first, end)], undefined, state),
          samples: end - first,
        };
      });
      const { loss, gradients } = accumulateGradients(given);
      losses.push(loss);
      w = w.map((tensor, t) => {
        const { layer, spec, index } = model.tensors[t]!;
        if (spec.trainable) return tensor.map((value, i) => value - optimizer.learningRate * gradients[index]![i]!);
        if (spec.momentum === undefined) return tensor;
        const name = spec.name === 'movingMean' ? 'mean' : 'variance';
        return given.reduce<Float64Array>(
          (moving, { statistics }) =>
            batchNormMove({ momentum: spec.momentum! }, { statistics: statistics[layer]![name], moving }).moving,
          tensor,
        );
      });
    }
    return [...w, losses];
  };
  const twin = train(start, images);
  const bounds = boundsOf(train, model, start, images);
  const found = [...(await trainer.getWeights()), steps.map(({ loss }) => loss)];
  for (const [i, tensor] of found.entries()) expectWithin(`tensor ${i}`, tensor, twin[i]!, bounds[i]! + 2 ** -20);
  expect(steps.map(({ samples }) => samples)).toEqual([12, 10]);
  trainer.dispose();
});

test('a step measures its layers on its last batch; a unit is alive if it was positive in any batch', async () => {
  const trainer = make({ accumulationSteps: 3 });
  const single = make();
  const { health } = await trainer.trainOnBatch(...batchOf(dataset, 0, 10));
  const last = await single.trainOnBatch(...batchOf(dataset, 8, 2));
  for (const [name, layer] of Object.entries(health!.layers)) {
    const { activation, deltaRms } = last.health!.layers[name]!;
    expect({ activation: layer.activation, deltaRms: layer.deltaRms }).toEqual({ activation, deltaRms });
    expect(layer.dead).toBeLessThanOrEqual(last.health!.layers[name]!.dead);
  }
  for (const each of [trainer, single]) each.dispose();
});

describe('the same bits', () => {
  const options = {
    model: normalizedModel,
    accumulationSteps: 2,
    optimizer: { type: 'adam', learningRate: 0.01, useEma: true },
    augmentation: { rotationRange: 20, rescale: exactRescale },
  } as const;
  // Three steps per epoch: 8, 8 and 6 samples.
  const stateOf = async (trainer: Trainer) => {
    const { weights, slots, averages, ...rest } = await trainer.snapshot();
    trainer.dispose();
    return { tensors: bitsOf([...weights, ...slots, ...averages!]), progress: rest.progress };
  };
  const fitted = async (fit: FitOptions = {}, more: Partial<TrainerOptions> = {}) => {
    const trainer = make({ ...options, ...more });
    const { steps } = await trainer.fit(dataset, { epochs: 2, ...fit });
    return { steps, state: await stateOf(trainer) };
  };
  const whole = fitted();

  test.each([
    ['a submission a step', 1000],
    ['many steps a submission', 0],
  ])('%s', async (_, milliseconds) => {
    let now = 1;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += milliseconds));
    expect(await fitted()).toEqual(await whole);
  });

  test('with probes, profiles, gradients and evaluations between', async () => {
    const trainer = make({ ...options, health: 'full', probeEvery: 2 });
    const { memory } = await trainer.getWeights().then(() => trainer);
    const first = await trainer.fit(dataset, { epochs: 1, validationData: others });
    const [probe] = first.probes;
    expect(probe!.hardest.length).toBe(4); // The samples of the step's last batch.
    for (const { gradientNorm } of probe!.hardest) expect(gradientNorm).toBeGreaterThan(0);
    const { dispatches } = await trainer.profile(others, { steps: 1 });
    expect(dispatches.filter(({ name }) => name === 'accumulate_gradients')).toHaveLength(2);
    await trainer.gradients(...batchOf(others, 0, 7));
    await trainer.evaluate(others);
    await trainer.fit(dataset, { epochs: 1 });
    expect(trainer.memory).toEqual(memory);
    expect(await stateOf(trainer)).toEqual((await whole).state);
  });

  test('resumed in the middle of an epoch', async () => {
    const [first, second] = [make(options), make(options)];
    const [pace, stopping] = [createPace({ paused: true }), new AbortController()];
    pace.step(4);
    const begun = await first.fit(dataset, {
      epochs: 2,
      pace,
      signal: stopping.signal,
      onPause: () => stopping.abort(),
    });
    expect(begun.steps).toHaveLength(4);
    await second.restore(await first.snapshot());
    await second.fit(dataset, { epochs: 2, initialEpoch: 1, initialSteps: begun.steps.slice(3) });
    expect(await stateOf(second)).toEqual((await whole).state);
    first.dispose();
  });
});

test('a step with a non-finite number in one of its batches is skipped and changes no bit, not even of moving statistics', async () => {
  const trainer = make({ model: normalizedModel, accumulationSteps: 3, optimizer: { type: 'adam', useEma: true } });
  await trainer.trainOnBatch(...batchOf(dataset, 0, 12));
  const before = await trainer.snapshot();
  for (const bad of [0, 5, 11]) {
    const [images, labels] = batchOf(dataset, 0, 12);
    images[36 * bad] = Number.NaN;
    if (bad < 11) await trainer.trainOnBatch(images, labels);
    else await expect(trainer.trainOnBatch(images, labels)).rejects.toThrow(NonFiniteError);
  }
  const after = await trainer.snapshot();
  expect(bitsOf(after.weights)).toEqual(bitsOf(before.weights));
  expect(bitsOf([...after.slots, ...after.averages!])).toEqual(bitsOf([...before.slots, ...before.averages!]));
  expect(after.progress).toMatchObject({ step: 4, updates: 1, skipped: 3 });
  // A good step continues as if the bad ones had not happened.
  const { loss } = await trainer.trainOnBatch(...batchOf(dataset, 0, 12));
  expect(loss).toBeGreaterThan(0);
  trainer.dispose();
});

test.each([0, -1, 1.5, Number.NaN, '2', Infinity])('%s batches a step are refused', (accumulationSteps) => {
  expect(() => make({ accumulationSteps: accumulationSteps as number })).toThrow('accumulationSteps');
});

test('a batch is as large as a step', async () => {
  const trainer = make({ accumulationSteps: 2 });
  await expect(trainer.trainOnBatch(...batchOf(dataset, 0, 9))).rejects.toThrow('1 to 8 images');
  trainer.dispose();
});
