import { describe, expect, test } from 'vitest';
import {
  createDataset,
  createTrainer,
  type Dataset,
  dense,
  type FitOptions,
  flatten,
  sgd,
  type TrainerOptions,
} from '../../src/index.ts';
import { compileForLoss, fillLoss, isCategorical, type LossConfig, metricOf } from '../../src/model/loss.ts';
import { lossTwin } from '../../src/reference/losses/index.ts';
import { networkGradients } from '../../src/reference/network.ts';
import fixtures from '../fixtures/torch_losses.json';
import { gpu } from '../gpu/shared_gpu.ts';
import { numbers } from '../reference/central_differences.ts';

const imageShape = [2, 2, 1] as const;
const rescale = 1 / 256;
type Activation = NonNullable<Parameters<typeof dense>[0]['activation']>;
const endingOf = (loss: LossConfig): Activation =>
  isCategorical(fillLoss(loss)) ? 'softmax' : metricOf(fillLoss(loss)) === 'accuracy' ? 'sigmoid' : 'linear';

const optionsOf = (loss: LossConfig, outputs: number, hidden = 0): TrainerOptions => ({
  model: {
    inputShape: imageShape,
    layers: [
      flatten(),
      ...(hidden ? [dense({ units: hidden, activation: 'tanh' })] : []),
      dense({ units: outputs, activation: endingOf(loss) }),
    ],
  },
  loss,
  augmentation: { rescale },
});

const close = (value: number) => expect.closeTo(value, 5);
const closeAll = (figures: object) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, close(value as number)]));

test.each(fixtures.epochs)('an epoch with weights and a short last batch is that of PyTorch: $loss', async (of) => {
  const { images, sampleWeight, weights, trained, evaluated, batchSize } = of;
  const { labels, targets } = of as { labels?: number[]; targets?: number[] };
  const parts = { images: Uint8Array.from(images), imageShape };
  const dataset = targets
    ? createDataset({ ...parts, targets: Float32Array.from(targets) })
    : createDataset({ ...parts, labels: labels!, classNames: ['a', 'b', 'c', 'd'] });
  const options = { ...optionsOf(of.loss as LossConfig, fixtures.outputs), batchSize, health: 'off' as const };
  const trainer = createTrainer(gpu, { ...options, optimizer: sgd({ learningRate: 0 }) });
  await trainer.setWeights(weights);
  const fit: FitOptions = { sampleWeight: Float32Array.from(sampleWeight), validationData: dataset };
  const [epoch] = (await trainer.fit(dataset, fit)).epochs;
  const { validationLoss, validationAccuracy, validationMeanAbsoluteError, ...record } = epoch!;
  expect(record).toMatchObject(closeAll(trained));
  expect(await trainer.evaluate(dataset)).toEqual(closeAll(evaluated));
  const validation = {
    loss: validationLoss,
    accuracy: validationAccuracy,
    meanAbsoluteError: validationMeanAbsoluteError,
  };
  expect(validation).toMatchObject(closeAll(evaluated));
  trainer.dispose();
});

/** Images of noise, as bytes. */
const noise = (count: number, seed = 1) => Uint8Array.from(numbers(4 * count, seed), (u) => Math.floor(128 * (u + 1)));

describe('gradients of a network compared with its twin', () => {
  const losses: LossConfig[] = [
    { type: 'sparseCategoricalCrossentropy', labelSmoothing: 0.1 },
    'categoricalFocalCrossentropy',
    { type: 'binaryCrossentropy', labelSmoothing: 0.2 },
    'meanSquaredError',
    'meanAbsoluteError',
    { type: 'huber', delta: 0.3 },
  ];
  // Last layers with an explicit activation, which the loss doesn't replace.
  const cases = [
    ...losses.map((loss) => ({ loss, activation: undefined })),
    { loss: 'meanSquaredError' as const, activation: 'sigmoid' as const },
    { loss: 'huber' as const, activation: 'softplus' as const },
  ];
  test.each(cases)('$loss $activation', async ({ loss, activation }) => {
    const [outputs, batchSize, count] = [3, 6, 5];
    const options = { ...optionsOf(loss, outputs, 4), batchSize };
    const layers = [
      ...options.model.layers.slice(0, -1),
      dense({ units: outputs, activation: activation ?? endingOf(loss) }),
    ];
    const trainer = createTrainer(gpu, { ...options, model: { ...options.model, layers } });
    const images = Float32Array.from(numbers(4 * count, 2));
    const filled = fillLoss(loss);
    const isSparse = isCategorical(filled) && filled.type === 'sparseCategoricalCrossentropy';
    const targets = Float32Array.from({ length: count * outputs }, (_, i) =>
      Number(i % outputs === Math.floor(i / outputs) % outputs),
    );
    const labels = isSparse ? [0, 2, 1, 1, 0] : targets;
    const sampleWeight = [0, 1, 0.5, 3, 2];
    const weights = await trainer.getWeights();
    const { model } = compileForLoss({ ...options.model, layers }, filled);
    const state = { seed: 0, epoch: 0, start: 0 };
    const padded = Float64Array.from({ length: 4 * batchSize }, (_, i) => images[i] ?? 0);
    const twin = (of?: number[]) =>
      networkGradients(
        model,
        weights,
        padded,
        isSparse ? labels : new Uint8Array(count),
        isSparse ? undefined : targets,
        state,
        filled,
        of,
      );
    for (const of of [sampleWeight, undefined]) {
      const expected = twin(of);
      const found = await trainer.gradients(images, labels, of ? { sampleWeight: of } : {});
      expect(found.loss).toBeCloseTo(expected.loss, 5);
      for (const [t, tensor] of found.gradients.entries()) {
        for (const [i, value] of tensor.entries()) expect(value).toBeCloseTo(expected.gradients[t]![i]!, 5);
      }
    }
    trainer.dispose();
  });
});

describe('test-time augmentation: loss and metric of the mean predictions, compared with the twin', () => {
  const [outputs, count] = [3, 11];
  const parts = { images: noise(count), imageShape };
  const shares = Float32Array.from(
    { length: count * outputs },
    (_, i) => [0.2, 0.5, 0.3][(i + Math.floor(i / 4)) % 3]!,
  );
  const sums = Float32Array.from({ length: count }, (_, n) =>
    shares.subarray(3 * n, 3 * n + 3).reduce((a, b) => a + b),
  );
  const yesOrNo = Float32Array.from({ length: count * outputs }, (_, i) => Number(i % 5 < 2));
  const sampleWeights = Float32Array.from({ length: count }, (_, n) => [1, 0, 2.5][n % 3]!);
  const labels = Array.from({ length: count }, (_, n) => n % outputs);
  const classes = createDataset({ ...parts, labels, classNames: ['a', 'b', 'c'], sampleWeights });
  const ofShares = createDataset({
    ...parts,
    sampleWeights,
    targets: shares.map((share, i) => share / sums[Math.floor(i / 3)]!),
  });
  const ofNumbers = createDataset({ ...parts, sampleWeights, targets: Float32Array.from(numbers(count * outputs, 3)) });
  const ofLabels = createDataset({ ...parts, sampleWeights, targets: yesOrNo });
  const bySoftmax = (p: number) => Math.log(p);
  const bySigmoid = (p: number) => Math.log(p / (1 - p));
  test.each<[LossConfig, Dataset, (y: number) => number]>([
    ['sparseCategoricalCrossentropy', classes, bySoftmax],
    [{ type: 'sparseCategoricalCrossentropy', labelSmoothing: 0.1 }, classes, bySoftmax],
    [{ type: 'categoricalCrossentropy', labelSmoothing: 0.2 }, ofShares, bySoftmax],
    ['categoricalFocalCrossentropy', classes, bySoftmax],
    ['categoricalFocalCrossentropy', ofShares, bySoftmax],
    [{ type: 'binaryCrossentropy', labelSmoothing: 0.1 }, ofLabels, bySigmoid],
    ['binaryCrossentropy', classes, bySigmoid],
    ['meanSquaredError', ofNumbers, (y) => y],
    ['meanAbsoluteError', ofNumbers, (y) => y],
    [{ type: 'huber', delta: 0.5 }, ofNumbers, (y) => y],
  ])('%j', async (loss, dataset, logitOf) => {
    const augmentation = { rescale, rotationRange: 60, horizontalFlip: true };
    const trainer = createTrainer(gpu, { ...optionsOf(loss, outputs), augmentation, batchSize: 4 });
    const tta = { testTimeAugmentation: 3 };
    const predicted = await trainer.predict(dataset, tta);
    const filled = fillLoss(loss);
    const expected = lossTwin(
      filled,
      { batch: count, outputs, count },
      {
        z: Float64Array.from(predicted, logitOf),
        labels: dataset.labels,
        targets:
          dataset.targets ??
          (isCategorical(filled) ? undefined : labels.flatMap((label) => [0, 1, 2].map((k) => Number(k === label)))),
        weights: sampleWeights,
      },
    );
    const measured =
      metricOf(filled) === 'meanAbsoluteError'
        ? { meanAbsoluteError: expect.closeTo(expected.absoluteError / count, 10) }
        : { accuracy: expect.closeTo(expected.correct / (isCategorical(filled) ? count : count * outputs), 10) };
    const found = await trainer.evaluate(dataset, tta);
    expect(found).toEqual({ loss: expect.any(Number), ...measured });
    // The twin's softmax divides by a sum of probabilities that is not exactly one.
    expect(found.loss / (expected.loss / count)).toBeCloseTo(1, 6);
    expect(found.loss).not.toBe((await trainer.evaluate(dataset)).loss);
    trainer.dispose();
  });
});

/** The mean losses of the first and of the last epoch. */
async function learn(dataset: Dataset, options: TrainerOptions, fit: FitOptions = {}) {
  const trainer = createTrainer(gpu, { ...options, batchSize: 16, optimizer: { type: 'adam', learningRate: 0.02 } });
  const { epochs } = await trainer.fit(dataset, { epochs: 30, ...fit });
  const outputs = await trainer.predict(dataset);
  trainer.dispose();
  return { first: epochs[0]!, last: epochs.at(-1)!, outputs };
}

/** Brightness of each pixel, from 0 to 1. */
const brightness = (images: Uint8Array) => Float32Array.from(images, (byte) => byte * rescale);

describe('training', () => {
  test.each<LossConfig>(['meanSquaredError', 'meanAbsoluteError', 'huber'])('a regression by %s', async (loss) => {
    const images = noise(100);
    const pixels = brightness(images);
    const targets = Float32Array.from({ length: 200 }, (_, i) => pixels[4 * (i >> 1) + (i & 1)]! * 2 - 1);
    const dataset = createDataset({ images, imageShape, targets, targetNames: ['left', 'right'] });
    const { first, last, outputs } = await learn(dataset, optionsOf(loss, 2));
    expect(last.loss).toBeLessThan(first.loss / 4);
    expect(last).not.toHaveProperty('accuracy');
    expect(last.meanAbsoluteError).toBeLessThan(first.meanAbsoluteError! / 2);
    const error = outputs.reduce((sum, value, i) => sum + Math.abs(value - targets[i]!), 0) / outputs.length;
    expect(error).toBeLessThan(first.meanAbsoluteError!);
  });

  test('two classes with one unit, from labels', async () => {
    const images = noise(100);
    const labels = Uint8Array.from({ length: 100 }, (_, n) => Number(images[4 * n]! > 127));
    const dataset = createDataset({ images, labels, imageShape });
    const { first, last, outputs } = await learn(dataset, optionsOf('binaryCrossentropy', 1));
    expect(last.loss).toBeLessThan(first.loss * 0.8);
    expect(last.accuracy).toBeGreaterThan(0.8);
    expect(outputs.every((p) => p > 0 && p < 1)).toBe(true);
  });

  test('labels that are not mutually exclusive, mixed and augmented', async () => {
    const images = noise(100);
    const targets = Float32Array.from(images, (byte) => Number(byte > 127));
    const dataset = createDataset({ images, imageShape, targets });
    const options = { ...optionsOf('binaryCrossentropy', 4), health: 'full' as const, probeEvery: 40 };
    const plain = await learn(dataset, options);
    expect(plain.last.loss).toBeLessThan(plain.first.loss * 0.9);
    expect(plain.last.accuracy).toBeGreaterThan(plain.first.accuracy!);
    const mixed = await learn(dataset, {
      ...options,
      augmentation: [{ type: 'mixUp' }],
    } as never);
    expect(mixed.last.loss).toBeLessThan(mixed.first.loss);
  });

  test('300 classes', async () => {
    const images = noise(300);
    const labels = Uint16Array.from({ length: 300 }, (_, n) => n);
    const dataset = createDataset({ images, labels, imageShape });
    expect(dataset).toMatchObject({ labels, classNames: expect.objectContaining({ length: 300 }) });
    const { first, last } = await learn(dataset, optionsOf('sparseCategoricalCrossentropy', 300, 16));
    expect(first.loss).toBeGreaterThan(5);
    expect(last.loss).toBeLessThan(first.loss - 0.5);
  });
});

describe('weights of samples and classes', () => {
  const images = noise(30);
  const labels = Uint8Array.from({ length: 30 }, (_, n) => (n % 5 === 0 ? 1 : n % 3 === 0 ? 2 : 0));
  const dataset = createDataset({ images, labels, imageShape });
  const options = optionsOf('sparseCategoricalCrossentropy', 3);
  const fitted = (fit: FitOptions, more: Partial<TrainerOptions> = {}) =>
    learn(dataset, { ...options, ...more } as TrainerOptions, { epochs: 2, ...fit }).then(
      ({ first, last, outputs }) => ({
        losses: [first.loss, last.loss],
        outputs: [...outputs],
      }),
    );

  test('of classes are those of their samples, bit by bit', async () => {
    const classWeight = { 0: 1, 1: 5, 2: 0.5 };
    const sampleWeight = Float32Array.from(labels, (label) => classWeight[label as 0 | 1 | 2]);
    expect(await fitted({ classWeight })).toEqual(await fitted({ sampleWeight }));
    const counts = [0, 1, 2].map((label) => labels.filter((it) => it === label).length);
    const balanced = Object.fromEntries(counts.map((count, label) => [label, 30 / (3 * count)]));
    expect(await fitted({ classWeight: 'balanced' })).toEqual(await fitted({ classWeight: balanced }));
  });

  test('of 1 change nothing, of 2 double the loss, augmented and mixed too', async () => {
    const plain = await fitted({});
    const ones = await fitted({ sampleWeight: new Float32Array(30).fill(1) });
    for (const [i, value] of ones.outputs.entries()) expect(value).toBeCloseTo(plain.outputs[i]!, 5);
    for (const augmentation of [{ rescale }, [{ type: 'mixUp' }]] as never[]) {
      const [once, twice] = await Promise.all(
        [1, 2].map((weight) =>
          fitted(
            { sampleWeight: new Float32Array(30).fill(weight), epochs: 1 },
            { augmentation, optimizer: sgd({ learningRate: 0 }) },
          ),
        ),
      );
      expect(twice!.losses[0]! / once!.losses[0]!).toBeCloseTo(2, 2);
    }
  });

  test('samples of weight 0 have no effect', async () => {
    const other = createDataset({
      images,
      labels: labels.map((label) => (label === 1 ? 2 : label)),
      imageShape,
      classNames: dataset.classNames,
    });
    const sampleWeight = Float32Array.from(labels, (label) => Number(label !== 1));
    const options2 = { ...options };
    const [a, b] = await Promise.all([dataset, other].map((of) => learn(of, options2, { epochs: 2, sampleWeight })));
    expect([...a!.outputs]).toEqual([...b!.outputs]);
  });
});

describe('is refused before anything is trained', () => {
  const dataset = createDataset({ images: noise(4), labels: [0, 1, 2, 1], imageShape });
  const make = (loss: LossConfig, outputs: number) => createTrainer(gpu, optionsOf(loss, outputs));
  test.each<[string, () => Promise<unknown>, object]>([
    [
      'a negative weight',
      () => make('sparseCategoricalCrossentropy', 3).fit(dataset, { classWeight: { 0: -1 } }),
      { found: -1 },
    ],
    [
      'a weight too few',
      () => make('sparseCategoricalCrossentropy', 3).fit(dataset, { sampleWeight: new Float32Array(3) }),
      { what: 'The numbers of sample weights and images differ' },
    ],
    [
      'labels of other outputs',
      () => make('huber', 2).fit(dataset),
      { what: "The data set's labels do not fit huber" },
    ],
    [
      'targets in a batch that are no numbers',
      () => make('huber', 1).trainOnBatch(new Float32Array(4), [Number.NaN]),
      { what: 'The targets of image 0 do not fit huber' },
    ],
    [
      'a weight in a batch that is none',
      () => make('huber', 1).trainOnBatch(new Float32Array(4), [1], { sampleWeight: [Number.NaN] }),
      { what: 'The sample weight of image 0 is invalid' },
    ],
    [
      'metrics of classes',
      async () => createTrainer(gpu, { ...optionsOf('huber', 1), metrics: ['f1Score'] }),
      { what: 'The metric f1Score requires classes, which huber does not have' },
    ],
  ])('%s', async (_, work, parts) => {
    await expect(work()).rejects.toMatchObject({ parts, exitCode: 2 });
  });
});
