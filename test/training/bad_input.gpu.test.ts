import { afterAll, describe, expect, test } from 'vitest';
import { ConfigurationError, createTrainer, DataError, type Dataset, openGpu, type Trainer } from '../../src/index.ts';
import { watchBuffers } from './alive_buffers.ts';
import { batchOf, smallDataset, smallModel } from './small.ts';

const gpu = await openGpu({ defaultLimitsOnly: true });
const trainer = createTrainer(gpu, { model: smallModel, batchSize: 4 });
afterAll(() => gpu.dispose());

const dataset = smallDataset(6);
const [images, labels] = batchOf(dataset, 0, 4);

/** The parts of the error with which a call throws or rejects. */
async function partsOf(call: () => unknown): Promise<ConfigurationError['parts']> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (reason) => reason,
    );
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.exitCode).toBe(2);
  return error.parts;
}

type Parts = Partial<ConfigurationError['parts']>;

describe('createTrainer immediately rejects', () => {
  test.each<[string, unknown, Parts]>([
    ['no options', undefined, { what: 'createTrainer needs options', found: undefined }],
    ['a string', 'tutorial', { what: 'createTrainer needs options', found: 'tutorial' }],
    ['no model', {}, { what: 'The model is not an object', found: undefined }],
    [
      'an unknown option',
      { model: smallModel, batchsize: 3 },
      {
        what: 'createTrainer has no option batchsize',
        expected: expect.stringContaining('model, optimizer, loss, batchSize, accumulationSteps, seed, augmentation'),
        fix: 'did you mean "batchSize"?',
      },
    ],
    [
      'an unknown loss',
      { model: smallModel, loss: 'sparseCategoricalCrossEntropi' },
      {
        what: 'Unknown loss',
        found: 'sparseCategoricalCrossEntropi',
        expected: expect.stringMatching(/^sparseCategoricalCrossentropy or categoricalCrossentropy or .* huber$/),
        fix: 'did you mean "sparseCategoricalCrossentropy"?',
      },
    ],
    [
      'a level of health that is none',
      { model: smallModel, health: 'ful' },
      { what: 'Unknown health level', found: 'ful', expected: 'off or norms or full', fix: 'did you mean "full"?' },
    ],
    [
      'probes without the level that has them',
      { model: smallModel, probeEvery: 5 },
      { what: "probeEvery requires health: 'full'", found: { health: 'norms', probeEvery: 5 } },
    ],
    ...([0, -1, 2.5, '10'] as const).map(
      (probeEvery) =>
        [
          `a probe every ${probeEvery} steps`,
          { model: smallModel, health: 'full', probeEvery },
          { what: expect.stringContaining('probeEvery'), found: probeEvery },
        ] as [string, unknown, Parts],
    ),
    ['a loss that is a number', { model: smallModel, loss: 3 }, { what: 'Unknown loss', found: 3 }],
    [
      'an unknown optimizer',
      { model: smallModel, optimizer: 'adams' },
      { what: 'Unknown optimizer', found: 'adams', fix: 'did you mean "adam"?' },
    ],
    ...([0, -4, 2.5, Number.NaN, Infinity, '32', 65537] as const).map(
      (batchSize) =>
        [
          `a batch size of ${batchSize}`,
          { model: smallModel, batchSize },
          { what: 'batchSize: it is invalid', found: batchSize, expected: 'an integer from 1 to 65536' },
        ] as [string, unknown, Parts],
    ),
    ...([-1, 0.5, 2 ** 32, Number.NaN] as const).map(
      (seed) =>
        [
          `the seed ${seed}`,
          { model: smallModel, seed },
          { what: 'seed: it is invalid', found: seed, expected: 'an integer from 0 to 4294967295' },
        ] as [string, unknown, Parts],
    ),
    [
      'a model without softmax',
      { model: { inputShape: [2, 2, 1], layers: [{ type: 'flatten' }, { type: 'dense', units: 2 }] } },
      { found: 'dense with linear as the last layer' },
    ],
  ])('%s', async (_, options, parts) => {
    expect(() => createTrainer(gpu, options as never)).toThrow(ConfigurationError);
    expect(await partsOf(() => createTrainer(gpu, options as never))).toMatchObject(parts);
  });
});

describe('the first method rejects', () => {
  test.each<[string, unknown, Parts]>([
    ['an augmentation that is a number', 3, { found: 3 }],
    [
      'an unknown option of the augmentation',
      { rotationrange: 3 },
      { found: 'rotationrange', fix: expect.stringContaining('rotationRange') },
    ],
    ['an unknown op', [{ type: 'mixup' }], { found: 'mixup', fix: 'did you mean "mixUp"?' }],
  ])('%s', async (_, augmentation, parts) => {
    const trainer = createTrainer(gpu, { model: smallModel, augmentation: augmentation as never });
    expect(await partsOf(() => trainer.fit(dataset))).toMatchObject(parts);
    expect(await partsOf(() => trainer.predict(images))).toMatchObject(parts);
    expect(trainer.memory).toEqual({ buffers: 0, bytes: 0 });
    trainer.dispose();
  });
});

describe('fit rejects', () => {
  test.each<[string, unknown, Parts]>([
    [
      'an unknown option',
      { epoch: 3 },
      {
        what: 'fit has no option epoch',
        expected: expect.stringContaining('one of epochs, initialEpoch, '),
        fix: 'did you mean "epochs"?',
      },
    ],
    ...([0, -1, 1.5, Number.NaN, '3'] as const).map(
      (epochs) =>
        [
          `${epochs} epochs`,
          { epochs },
          { what: 'fit: epochs is invalid', found: epochs, expected: 'an integer >= 1' },
        ] as [string, unknown, Parts],
    ),
    ['options that are none', 3, { what: 'fit: it is invalid', found: 3 }],
    ['a shuffle that is a number', { shuffle: 1 }, { what: 'fit: shuffle is invalid', expected: 'true or false' }],
    ['a signal that is none', { signal: {} }, { what: 'fit: signal is invalid', expected: 'an AbortSignal' }],
    ['a callback that is none', { onStep: 'log' }, { what: 'fit: onStep is invalid', expected: 'a function' }],
    ['validation data that are none', { validationData: 0.2 }, { what: 'fit: validationData is invalid' }],
  ])('%s', async (_, options, parts) => {
    const call = () => trainer.fit(dataset, options as never);
    expect(await partsOf(call)).toMatchObject(parts);
    const rejected = call(); // It rejects and doesn't throw.
    await expect(rejected).rejects.toThrow(ConfigurationError);
  });
});

describe('a data set that doesn’t fit is refused by', () => {
  const changed = (change: Partial<Record<keyof Dataset, unknown>>) => ({ ...dataset, ...change }) as Dataset;
  const ways: [string, (data: Dataset) => Promise<unknown>][] = [
    ['fit', (data) => trainer.fit(data)],
    ['fit, for validation,', (data) => trainer.fit(dataset, { validationData: data })],
    ['evaluate', (data) => trainer.evaluate(data)],
    ['profile', (data) => trainer.profile(data)],
  ];
  const cases: [string, Dataset, Parts][] = [
    [
      'images of another shape',
      changed({ imageShape: [4, 9, 1] }),
      { what: "The data set's images don't have the model's input shape", found: [4, 9, 1], expected: '[6, 6, 1]' },
    ],
    [
      'images truncated',
      changed({ images: dataset.images.subarray(1) }),
      { what: "The data set's parts don't fit each other", found: 'count 6, 215 bytes of images, 6 labels' },
    ],
    [
      'a label too few',
      changed({ labels: dataset.labels.subarray(1) }),
      { found: 'count 6, 216 bytes of images, 5 labels' },
    ],
    [
      'no image',
      changed({ images: new Uint8Array(0), labels: new Uint8Array(0), count: 0 }),
      { found: 'count 0, 0 bytes of images, 0 labels' },
    ],
    [
      'images that are no bytes',
      changed({ images: new Float32Array(216) }),
      { what: 'The images and labels of a data set must be byte arrays', found: 'Float32Array and Uint8Array' },
    ],
    ['labels in an array', changed({ labels: [...dataset.labels] }), { found: 'Uint8Array and Array' }],
    [
      'a label outside the classes',
      changed({ labels: Uint8Array.of(0, 1, 2, 3, 2, 1) }),
      {
        what: 'A label is outside the classes of the model',
        found: 'label 3 at image 3',
        expected: '0 to 2',
        fix: "give the last dense layer a unit for each of the data set's classes",
      },
    ],
  ];
  test.each(ways.flatMap(([way, call]) => cases.map(([name, data, parts]) => [way, name, call, data, parts] as const)))(
    '%s %s',
    async (_way, _name, call, data, parts) => {
      expect(await partsOf(() => call(data))).toMatchObject(parts);
    },
  );

  // No validation data is the most common case.
  test.each(ways.filter(([way]) => !way.includes('validation')))('%s with no samples', async (_, call) => {
    expect(await partsOf(() => call(undefined as never))).toMatchObject({
      what: 'This is not a data set',
      found: undefined,
    });
  });
});

test('a data set that fails during the upload leaves nothing on the GPU', async () => {
  const { alive, spy } = watchBuffers(trainer.gpu.device, ({ label }) => {
    if (label === 'dataset.order') throw new RangeError('no room');
  });
  await expect(trainer.fit(dataset)).rejects.toThrow('no room');
  expect(spy.mock.calls.map(([{ label }]) => label)).toContain('dataset.images');
  expect(alive.size).toBe(0);
  spy.mockRestore();
});

test('a model or a batch larger than the adapter binds', async () => {
  const wide = {
    inputShape: [64, 64, 1],
    layers: [{ type: 'flatten' }, { type: 'dense', units: 16384 }, { type: 'dense', units: 2, activation: 'softmax' }],
  };
  const { spy } = watchBuffers(gpu.device);
  const large = createTrainer(gpu, { model: wide as never, batchSize: 1 });
  const found = expect.stringMatching(/^256\.\d MiB$/);
  expect(await partsOf(() => large.getWeights())).toMatchObject({
    what: 'weights is larger than this adapter can bind',
    found,
  });
  expect(await partsOf(() => large.predict(images))).toMatchObject({
    what: 'weights is larger than this adapter can bind',
  });
  // The plan is rejected before any buffer is created.
  expect(spy).not.toHaveBeenCalled();
  spy.mockRestore();
  large.dispose();
});

describe('a batch is rejected', () => {
  type Call = (trainer: Trainer, ...batch: [Float32Array, ArrayLike<number>]) => Promise<unknown>;
  const ways: [string, Call][] = [
    ['trainOnBatch', (to, ...batch) => to.trainOnBatch(...batch)],
    ['gradients', (to, ...batch) => to.gradients(...batch)],
  ];
  const cases: [string, [unknown, unknown], Parts][] = [
    [
      'of more images than a batch',
      [new Float32Array(5 * 36), [0, 1, 2, 0, 1]],
      {
        what: "The batch doesn't fit the trainer",
        found: '5 images and 5 labels',
        expected: '1 to 4 images, a label each',
        fix: 'create the trainer with a larger batchSize',
      },
    ],
    ['of a label too few', [images, [0, 1, 2]], { found: '4 images and 3 labels' }],
    ['without labels', [images, undefined], { found: '4 images and no labels' }],
    ['without images', [new Float32Array(0), []], { found: '0 images and 0 labels' }],
    [
      'of half an image',
      [new Float32Array(54), [0]],
      {
        what: "The images don't match the model's input",
        found: 'Float32Array of 54',
        expected: 'a Float32Array of n x 6 x 6 x 1 = n x 36 numbers',
      },
    ],
    ['of bytes', [new Uint8Array(36), [0]], { found: 'Uint8Array of 36' }],
    ['of an array', [new Array(36).fill(0), [0]], { found: 'Array of 36' }],
    ['of nothing', [undefined, undefined], { found: 'undefined' }],
    ...([3, -1, 1.5, Number.NaN] as const).map(
      (label) =>
        [
          `with the label ${label}`,
          [images, [0, 1, label, 2]],
          {
            what: 'A label is outside the classes of the model',
            found: `label ${label} at image 2`,
            expected: '0 to 2',
          },
        ] as [string, [unknown, unknown], Parts],
    ),
  ];
  test.each(
    ways.flatMap(([way, call]) => cases.map(([name, batch, parts]) => [way, name, call, batch, parts] as const)),
  )('by %s: %s', async (_way, _name, call, batch, parts) => {
    expect(await partsOf(() => call(trainer, ...(batch as [Float32Array, number[]])))).toMatchObject(parts);
  });

  // predict treats bytes as an encoded picture, and an array as a list of pictures.
  const ofPredict: [string, unknown, Parts][] = [
    ...cases
      .filter(([name]) => name === 'of half an image')
      .map(([name, [given], parts]): [string, unknown, Parts] => [name, given, parts]),
    [
      'nothing',
      undefined,
      {
        what: 'The input is not an image',
        found: 'Undefined',
        expected: expect.stringMatching(/^a picture.*data set$/),
      },
    ],
    ['null', null, { found: 'Null' }],
    ['other numbers', new Float64Array(36), { what: 'The input is not an image', found: 'Float64Array' }],
    ['a path', 'cat.png', { found: 'cat.png', fix: 'for a URL, pass await (await fetch(url)).blob()' }],
    ['an array of numbers', new Array(36).fill(0), { what: 'Entry 0 of the list is not a picture', found: 'Number' }],
  ];
  test.each(ofPredict)('by predict: %s', async (_, given, parts) => {
    expect(await partsOf(() => trainer.predict(given as Float32Array))).toMatchObject(parts);
  });

  test('by predict: bytes that are not a picture', async () => {
    const error = await trainer.predict(new Uint8Array(36)).catch((reason) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(error.parts).toMatchObject({ what: 'Picture 0 cannot be decoded', found: 'Uint8Array of 36 bytes' });
  });
});

describe('setWeights rejects', () => {
  test.each<[string, (weights: Float32Array[]) => unknown, Parts]>([
    [
      'an array too few',
      (weights) => weights.slice(1),
      {
        what: 'setWeights got the wrong number of arrays',
        found: 7,
        expected:
          '8: conv2d.kernel, conv2d.bias, conv2d_1.kernel, conv2d_1.bias, dense.kernel, dense.bias, dense_1.kernel, dense_1.bias',
      },
    ],
    ['nothing', () => undefined, { found: undefined }],
    [
      'an array of another size',
      (weights) => weights.with(2, new Float32Array(47)),
      { what: 'The kernel of conv2d_1 has the wrong size', found: 47, expected: '[2, 2, 4, 3], 48 numbers' },
    ],
    [
      'a hole',
      (weights) => weights.with(1, undefined as never),
      { what: 'The bias of conv2d has the wrong size', found: undefined },
    ],
  ])('%s', async (_, change, parts) => {
    const weights = await trainer.getWeights();
    const call = trainer.setWeights(change(weights) as never); // It rejects and doesn't throw.
    expect(await partsOf(() => call)).toMatchObject(parts);
    expect(await trainer.getWeights()).toEqual(weights);
  });
});

test.each([0, -1, 1.5, 1001, Number.NaN])('profile rejects %d steps', async (steps) => {
  const call = trainer.profile(dataset, { steps });
  expect(await partsOf(() => call)).toMatchObject({ found: steps, expected: 'an integer from 1 to 1000' });
});

test('after all of this, the trainer can train', async () => {
  expect((await trainer.fit(dataset, { validationData: dataset })).epochs).toHaveLength(1);
  expect((await trainer.trainOnBatch(images, labels)).loss).toBeGreaterThan(0);
});

test('a network whose layers are all frozen predicts, but has no gradients and does not train', async () => {
  const layers = smallModel.layers.map((layer) =>
    'filters' in layer || 'units' in layer ? { ...layer, trainable: false } : layer,
  );
  const trainer = createTrainer(gpu, { model: { ...smallModel, layers } as typeof smallModel, batchSize: 4 });
  const [images, labels] = batchOf(smallDataset(4), 0, 4);
  const before = await trainer.predict(images);
  expect((await trainer.gradients(images, labels)).gradients).toEqual([]);
  for (const train of [() => trainer.trainOnBatch(images, labels), () => trainer.fit(smallDataset(4))]) {
    await expect(train()).rejects.toMatchObject({ exitCode: 2, parts: { what: 'The model has nothing to train' } });
  }
  expect(await trainer.predict(images)).toEqual(before);
  trainer.dispose();
});
