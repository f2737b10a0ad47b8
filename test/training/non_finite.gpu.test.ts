import { describe, expect, test } from 'vitest';
import {
  createDataset,
  createTrainer,
  type Model,
  NonFiniteError,
  type Trainer,
  TrainingError,
} from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(20);
const batchSize = 4;
const tensors = compileModel(smallModel).layers.flatMap(({ name, weights }) =>
  weights.map((spec) => ({ layer: name, tensor: spec.name })),
);

const make = (options: object = {}, model: Model = smallModel): Trainer =>
  createTrainer(gpu, { model, batchSize, augmentation: { rescale: exactRescale }, ...options });

const bitsOf = (weights: readonly Float32Array[]) =>
  weights.map((tensor) => [...new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length)]);

async function errorOf(call: Promise<unknown>): Promise<NonFiniteError> {
  const error = await call.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(NonFiniteError);
  expect(error).toBeInstanceOf(TrainingError);
  return error;
}

describe.each([
  ...tensors.map((at, index) => ({ ...at, index, value: Number.NaN })),
  { ...tensors[0]!, index: 0, value: Infinity },
  { ...tensors.at(-1)!, index: tensors.length - 1, value: Infinity },
])('$value in the $tensor of $layer', ({ layer, index, value }) => {
  test('is skipped, counted and named', async () => {
    const trainer = make();
    const good = await trainer.getWeights();
    const bad = good.map((tensor) => tensor.slice());
    bad[index]![bad[index]!.length - 1] = value;
    await trainer.setWeights(bad);
    const told: number[] = [];
    const error = await errorOf(trainer.fit(dataset, { epochs: 2, onStep: ({ step }) => told.push(step) }));
    expect(error).toMatchObject({ layer, pass: 'forward', step: 3 });
    expect(error.message).toContain(`Training stopped at step 3: a weight of ${layer} is not finite`);
    expect(error.history).toMatchObject({ epochs: [], skippedSteps: 3 });
    expect(error.history!.steps.map(({ step, skipped }) => [step, skipped])).toEqual([1, 2, 3].map((n) => [n, true]));
    for (const { health } of error.history!.steps) expect(health!.firstNonFinite).toEqual({ layer, pass: 'forward' });
    expect(told).toEqual([1, 2, 3]);
    expect(bitsOf(await trainer.getWeights())).toEqual(bitsOf(bad));

    // Nothing of it remains: no moment, no count of updates, no halt.
    await trainer.setWeights(good);
    const fresh = make();
    for (const each of [trainer, fresh]) await each.trainOnBatch(...batchOf(dataset, 0, batchSize));
    for (const each of [trainer, fresh]) await each.fit(dataset, { shuffle: false });
    expect(bitsOf(await trainer.getWeights())).toEqual(bitsOf(await fresh.getWeights()));
    trainer.dispose();
    fresh.dispose();
  });
});

describe('where the weights are finite', () => {
  test('an image that is not is reported as an image', async () => {
    const trainer = make();
    const [images, labels] = batchOf(dataset, 0, batchSize);
    images[40] = Number.NaN;
    for (let i = 0; i < 2; i++) {
      const { loss, health } = await trainer.trainOnBatch(images, labels);
      expect(loss).toBeNaN();
      expect(health!.firstNonFinite).toEqual({ layer: 'conv2d', pass: 'forward' });
    }
    const error = await errorOf(trainer.trainOnBatch(images, labels));
    expect(error).toMatchObject({ layer: 'conv2d', pass: 'forward', step: 3 });
    expect(error.message).toContain('an image of the batch is not finite');
    trainer.dispose();
  });

  /** Two inputs, both 1/2, with weights of +-1e21 in a tanh layer: its sums are 0 and its derivative is 1. */
  const steep: Model = {
    inputShape: [1, 2, 1],
    layers: [
      { type: 'conv2d', filters: 1, kernelSize: 1 },
      { type: 'flatten' },
      { type: 'dense', units: 2, activation: 'tanh' },
      { type: 'dense', units: 2, activation: 'softmax' },
    ],
  };
  const halves = new Float32Array(2).fill(0.5);
  const [plus, minus] = [
    [1e21, 1e21],
    [-1e21, -1e21],
  ] as const;

  test.each<[string, number[][], { layer: string; pass: string }, string]>([
    [
      'a gradient',
      [[1], [0], [...plus, ...minus], [0, 0], [1e18, -1e18, 1e18, -1e18], [0, 0]],
      { layer: 'conv2d', pass: 'gradient' },
      'the gradient of conv2d is not finite',
    ],
    [
      'a gradient that spoils the ones before it',
      [[16], [0], [...plus, ...minus], [0, 0], [3e38, -3e38, 3e38, -3e38], [0, 0]],
      { layer: 'dense', pass: 'gradient' },
      'the gradient of dense is not finite',
    ],
    [
      'an output of a layer in the middle',
      [[3e38], [3e38], [0, 0, 0, 0], [0, 0], [0, 0, 0, 0], [0, 0]],
      { layer: 'conv2d', pass: 'forward' },
      'conv2d gave an output that is not finite',
    ],
    [
      'logits',
      [[1], [0], [0, 0, 0, 0], [1, 1], [3e38, 0, 3e38, 0], [3e38, 0]],
      { layer: 'dense_1', pass: 'forward' },
      'dense_1 gave an output that is not finite',
    ],
    [
      'the loss',
      [[1], [0], [0, 0, 0, 0], [0, 0], [0, 0, 0, 0], [3e38, -3e38]],
      { layer: 'dense_1', pass: 'loss' },
      'the loss is not finite',
    ],
  ])('%s', async (_, weights, where, words) => {
    const trainer = make({}, steep);
    await trainer.setWeights(weights);
    for (let i = 0; i < 2; i++) expect((await trainer.trainOnBatch(halves, [1])).health!.firstNonFinite).toEqual(where);
    const error = await errorOf(trainer.trainOnBatch(halves, [1]));
    expect(error).toMatchObject(where);
    expect(error.message).toContain(words);
    expect(bitsOf(await trainer.getWeights())).toEqual(bitsOf(weights.map((w) => Float32Array.from(w))));
    trainer.dispose();
  });
});

describe('a learning rate that is too large for', () => {
  /** Two inputs, two units, two classes. */
  const model: Model = {
    inputShape: [1, 2, 1],
    layers: [
      { type: 'flatten' },
      { type: 'dense', units: 2, activation: 'relu' },
      { type: 'dense', units: 2, activation: 'softmax' },
    ],
  };
  const bytes = createDataset({
    images: new Uint8Array(2 * batchSize * 4).fill(200),
    labels: new Uint8Array(batchSize * 4),
    imageShape: [1, 2, 1],
    classNames: ['a', 'b'],
  });
  /** A gradient of 2 overflows the update, and half a gradient doesn't. */
  const optimizer = { type: 'sgd', learningRate: 3e38 };
  const inputs = new Float32Array(2 * batchSize).fill(200);
  const labels = new Uint8Array(batchSize);

  // No gradient passes through a kernel of zeros; units with weights of 0.01 are too small to change the second layer much.
  test.each<[string, number[][]]>([
    ['dense', [Array(4).fill(2.5e-5), [0, 0], [1, -1, 1, -1], [0, 0]]],
    ['dense_1', [Array(4).fill(1), [0, 0], Array(4).fill(0), [0, 0]]],
  ])('%s', async (layer, weights) => {
    const trainer = make({ optimizer, augmentation: null }, model);
    await trainer.setWeights(weights);
    const first = await trainer.trainOnBatch(inputs, labels);
    expect(first.loss).toBeGreaterThan(0);
    expect(first.health!.firstNonFinite).toEqual({ layer, pass: 'update' });
    for (let i = 0; i < 2; i++) {
      const { health } = await trainer.trainOnBatch(inputs, labels);
      expect(health!.firstNonFinite).toEqual({ layer, pass: 'forward' });
    }
    const error = await errorOf(trainer.trainOnBatch(inputs, labels));
    expect(error).toMatchObject({ layer, pass: 'update', step: 1 });
    expect(error.message).toContain(
      `stopped at step 4: the update of step 1 left a weight of ${layer} that is not finite`,
    );

    // The step is counted from the beginning of fit, whatever happened before.
    for (const health of ['norms', 'off'] as const) {
      const fitting = make({ optimizer, augmentation: { rescale: 1 }, health }, model);
      await fitting.trainOnBatch(inputs, labels).catch(() => undefined);
      await fitting.setWeights(weights);
      const stopped = await errorOf(fitting.fit(bytes));
      expect(stopped).toMatchObject({ layer, pass: 'update', step: 1 });
      expect(stopped.history!.steps.map(({ skipped }) => skipped)).toEqual([false, true, true, true]);
      if (health !== 'off') {
        const found = stopped.history!.steps.map(({ health: it }) => it!.firstNonFinite);
        expect(found).toEqual(['update', 'forward', 'forward', 'forward'].map((pass) => ({ layer, pass })));
      }
      fitting.dispose();
    }

    // Non-finite values set by the host don't come from an update.
    await trainer.setWeights(weights.map((tensor) => tensor.map(() => Number.NaN)));
    for (let i = 0; i < 2; i++) await trainer.trainOnBatch(inputs, labels);
    expect(await errorOf(trainer.trainOnBatch(inputs, labels))).toMatchObject({ layer: 'dense', pass: 'forward' });
    trainer.dispose();
  });
});

test('one bad step between good ones leaves no trace, two in a row neither; the count starts again', async () => {
  const [spoiled, clean] = [make(), make()];
  const good = (i: number) => batchOf(dataset, i * batchSize, batchSize);
  const bad = good(0)[0].fill(Infinity);
  for (let i = 0; i < 4; i++) {
    const record = await spoiled.trainOnBatch(...good(i));
    expect(record).toEqual(await clean.trainOnBatch(...good(i)));
    for (let n = 0; n < 2; n++) expect((await spoiled.trainOnBatch(bad, [0, 1, 2, 0])).loss).toBeNaN();
  }
  expect(bitsOf(await spoiled.getWeights())).toEqual(bitsOf(await clean.getWeights()));
  spoiled.dispose();
  clean.dispose();
});

test('bad steps of an epoch are skipped, counted, and no part of its figures', async () => {
  // All images are black except two, whose bytes overflow float32 when they are scaled.
  const count = 20;
  const images = new Uint8Array(count * 36);
  for (const spoiled of [5, 17]) images[spoiled * 36 + 7] = 255;
  const labels = dataset.labels.slice(0, count);
  const all = createDataset({ images, labels, imageShape: [6, 6, 1], classNames: ['a', 'b', 'c'] });
  // Without the second and the last batch of four.
  const without = createDataset({
    images: new Uint8Array(12 * 36),
    labels: [...labels.slice(0, 4), ...labels.slice(8, 16)],
    imageShape: [6, 6, 1],
    classNames: ['a', 'b', 'c'],
  });
  const [spoiled, clean] = [0, 1].map(() => make({ augmentation: { rescale: 1e38 } }));
  const history = await spoiled!.fit(all, { epochs: 2, shuffle: false });
  const expected = await clean!.fit(without, { epochs: 2, shuffle: false });
  expect(history.skippedSteps).toBe(4);
  expect(history.steps.map(({ skipped }) => skipped)).toEqual([0, 1, 0, 0, 1, 0, 1, 0, 0, 1].map(Boolean));
  for (const [i, epoch] of history.epochs.entries()) {
    const { loss, accuracy, gradientNorms } = expected.epochs[i]!;
    expect(epoch).toMatchObject({ loss, accuracy, gradientNorms });
  }
  expect(bitsOf(await spoiled!.getWeights())).toEqual(bitsOf(await clean!.getWeights()));
});

test('a run that diverges keeps the history up to there, and the weights of its last good step', async () => {
  const makeSteep = () => make({ optimizer: { type: 'sgd', learningRate: 1e38 } });
  const [trainer, single] = [makeSteep(), makeSteep()];
  const error = await errorOf(trainer.fit(dataset, { epochs: 3, shuffle: false }));
  const { steps, epochs } = error.history!;
  const good = steps.findIndex(({ skipped }) => skipped);
  expect(good).toBeGreaterThan(0);
  expect(steps.slice(good).map(({ skipped }) => skipped)).toEqual([true, true, true]);
  expect(epochs).toEqual([]);
  expect(error.message).toContain(`at step ${good + 3}`);
  expect(error).toMatchObject({ ...steps.at(-1)!.health!.firstNonFinite, step: good + 3 });
  for (let i = 0; i < good; i++) {
    const { loss } = await single.trainOnBatch(...batchOf(dataset, i * batchSize, batchSize));
    expect(loss).toBe(steps[i]!.loss);
  }
  expect(bitsOf(await trainer.getWeights())).toEqual(bitsOf(await single.getWeights()));
  // The weights are unchanged, so the next step is bad, too; three more are tolerated.
  await trainer.trainOnBatch(...batchOf(dataset, 0, batchSize));
  await trainer.trainOnBatch(...batchOf(dataset, 0, batchSize));
  await errorOf(trainer.trainOnBatch(...batchOf(dataset, 0, batchSize)));
});

test('an epoch whose steps are all bad has no figures', async () => {
  const trainer = make({ batchSize: 10 });
  const weights = await trainer.getWeights();
  weights[0]!.fill(Number.NaN);
  await trainer.setWeights(weights);
  const { epochs, skippedSteps } = await trainer.fit(dataset);
  expect(skippedSteps).toBe(2);
  expect(epochs[0]!.loss).toBeNaN();
  for (const spread of Object.values(epochs[0]!.gradientNorms)) {
    expect(spread).toEqual({ mean: Number.NaN, min: Number.NaN, max: Number.NaN });
  }
  expect((await trainer.evaluate(dataset)).loss).toBeNaN();
  trainer.dispose();
});

test('gradients tells of what is not finite and bears any number of it', async () => {
  const trainer = make();
  const [images, labels] = batchOf(dataset, 0, batchSize);
  const bad = images.map(() => Number.NaN);
  for (let i = 0; i < 5; i++) {
    const { loss, gradients } = await trainer.gradients(bad, labels);
    expect(loss).toBeNaN();
    expect(gradients[0]![0]).toBeNaN();
  }
  expect((await trainer.evaluate(dataset)).loss).toBeGreaterThan(0);
  expect((await trainer.gradients(images, labels)).loss).toBeGreaterThan(0);
  trainer.dispose();
});
