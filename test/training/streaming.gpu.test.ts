import { describe, expect, test } from 'vitest';
import {
  createDataset,
  createTrainer,
  DataError,
  type Dataset,
  type FitOptions,
  type ImageSource,
  openGpu,
  pictureSource,
  readUserFiles,
  type Snapshot,
  type Trainer,
  type TrainerOptions,
} from '../../src/index.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { exactRescale, smallDataset, smallModel } from './small.ts';

const elements = 36;
// Six steps per epoch, the last one short; three batches of a validation set.
const dataset = smallDataset(22);
const others = smallDataset(9, 2);
const batchSize = 4;

/** A source that counts requests, and answers them when `allowed` permits it. */
class Records implements ImageSource {
  readonly kind = 'records';
  reads: number[][] = [];
  underWay = 0;
  mostUnderWay = 0;

  constructor(private readonly of: Dataset) {}

  async read(indices: Uint32Array): Promise<Uint8Array> {
    this.reads.push([...indices]);
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await new Promise((resolve) => setTimeout(resolve));
    this.underWay--;
    const bytes = this.of.images.length / this.of.count;
    return Uint8Array.from([...indices].flatMap((i) => [...this.of.images.subarray(i * bytes, (i + 1) * bytes)]));
  }
}

const streamed = ({ images: _, ...parts }: Dataset, source: ImageSource): Dataset =>
  createDataset({ ...parts, source } as Parameters<typeof createDataset>[0]);

/** A memory budget that leaves room for the given number of images of a training set. */
async function budgetFor(options: Partial<TrainerOptions>, images: number): Promise<number> {
  const trainer = make(options);
  await trainer.getWeights();
  const { bytes } = trainer.memory;
  trainer.dispose();
  return bytes + 2 * images * elements;
}

const make = (options: Partial<TrainerOptions> = {}): Trainer =>
  createTrainer(gpu, {
    model: smallModel,
    batchSize,
    seed: 5,
    augmentation: { rotationRange: 20, zoomRange: 0.2, rescale: exactRescale },
    ...options,
  });

const bits = (tensors: readonly Float32Array[]) =>
  tensors.map((tensor) => [...new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length)]);

/** The bits of the weights, the figures of all steps and epochs, an evaluation and predictions. */
async function run(options: Partial<TrainerOptions>, fit: FitOptions, train = dataset, test = others) {
  const trainer = make(options);
  const history = await trainer.fit(train, { epochs: 2, validationData: test, ...fit });
  const evaluation = await trainer.evaluate(test, { metrics: ['f1Score'] });
  const predictions = await trainer.predict(test);
  const weights = bits(await trainer.getWeights());
  trainer.dispose();
  const epochs = history.epochs.map(({ seconds, imagesPerSecond, ...figures }) => figures);
  return { history, result: { weights, steps: history.steps, epochs, evaluation, predictions } };
}

describe('streamed images give the bits of resident ones', () => {
  test.each<[string, Partial<TrainerOptions>, FitOptions?]>([
    ["with Keras' augmentation", {}],
    ['without any, in order', { augmentation: { rescale: exactRescale } }, { shuffle: false }],
    ['mixed with partners', { augmentation: [{ type: 'mixUp' }] }],
    ['mixed by cutMix, each image seen twice', { augmentation: [{ type: 'cutMix' }], mix: 'merge' }],
    ['with sample weights', {}, { sampleWeight: Float32Array.from({ length: 22 }, (_, i) => (i % 3) + 0.5) }],
    ['with micro-batches', { batchSize: 2, accumulationSteps: 2 }],
    ['with probes', { health: 'full', probeEvery: 2 }],
    ["with Keras' own draws", { augmentation: { rotationRange: 20, rescale: exactRescale, compat: 'keras' } }],
    [
      'feature-wise standardized',
      { augmentation: { featurewiseCenter: true, featurewiseStdNormalization: true, zoomRange: 0.2 } },
    ],
    [
      'with its own validation',
      { augmentation: { rescale: exactRescale } },
      { validationData: undefined, validationSplit: 0.2 } as FitOptions,
    ],
  ])('%s', async (_, options, fit = {}) => {
    const resident = await run(options, fit);
    expect(resident.history.images!.training.kind).toBe('resident');
    const memoryBudget = await budgetFor(options, 16);
    const inMemory = await run({ ...options, memoryBudget }, fit);
    expect(inMemory.history.images!.training).toMatchObject({ kind: 'streamed', from: 'memory' });
    expect(inMemory.result).toEqual(resident.result);
    const records = new Records(dataset);
    const ofSource = await run(
      { ...options, memoryBudget },
      fit,
      streamed(dataset, records),
      streamed(others, new Records(others)),
    );
    expect(ofSource.result).toEqual(resident.result);
    expect(records.mostUnderWay).toBeLessThanOrEqual(4);
  });

  test('with numbers as targets', async () => {
    const { labels, classNames, ...parts } = dataset;
    const numbers = createDataset({
      ...parts,
      targets: Float32Array.from({ length: 44 }, (_, i) => Math.sin(i)),
      targetNames: ['a', 'b'],
    });
    const model = {
      ...smallModel,
      layers: [...smallModel.layers.slice(0, -1), { type: 'dense', units: 2 }],
    } as typeof smallModel;
    const options: Partial<TrainerOptions> = { model, loss: 'meanSquaredError', augmentation: [{ type: 'mixUp' }] };
    const train = async (data: Dataset, memoryBudget?: number) => {
      const trainer = make({ ...options, ...(memoryBudget && { memoryBudget }) });
      const { steps, images } = await trainer.fit(data, {
        epochs: 2,
        validationSplit: 0.2,
        sampleWeight: new Float32Array(22).fill(0.5),
      });
      const weights = bits(await trainer.getWeights());
      trainer.dispose();
      return { steps, weights, kind: images!.training.kind };
    };
    const resident = await train(numbers);
    const ofSource = await train(streamed(numbers, new Records(numbers)), await budgetFor(options, 16));
    expect(ofSource).toEqual({ ...resident, kind: 'streamed' });
  });

  test('of a source whose images fit, which is read once', async () => {
    const resident = await run({}, {});
    const records = new Records(dataset);
    const ofSource = await run({}, {}, streamed(dataset, records));
    expect(ofSource.history.images!.training).toMatchObject({ kind: 'resident', from: 'records', buffers: 1 });
    expect(ofSource.result).toEqual(resident.result);
    expect(records.reads.flat()).toEqual(Array.from({ length: 22 }, (_, i) => i));
  });

  test('resumed in the middle of an epoch, and after one', async () => {
    const memoryBudget = await budgetFor({}, 9);
    const states: { snapshot: Snapshot; steps: number }[] = [];
    const whole = make({ memoryBudget });
    let seen = 0;
    const history = await whole.fit(dataset, {
      epochs: 2,
      onStep: ({ step }) => {
        seen = step;
      },
      checkpointEvery: { steps: 4 },
      onCheckpoint: (snapshot) => void states.push({ snapshot, steps: seen }),
    });
    const weights = bits(await whole.getWeights());
    whole.dispose();
    expect(states.map(({ steps }) => steps)).toEqual([4, 8, 12]);
    for (const { snapshot, steps } of states.slice(0, 2)) {
      const trainer = make({ memoryBudget });
      await trainer.restore(snapshot);
      const before = history.steps.slice(0, steps);
      const initialEpoch = Math.floor(steps / 6);
      const resumed = await trainer.fit(dataset, {
        epochs: 2,
        initialEpoch,
        initialSteps: before.slice(6 * initialEpoch),
      });
      expect(resumed.steps).toEqual(history.steps.slice(steps));
      expect(bits(await trainer.getWeights())).toEqual(weights);
      trainer.dispose();
    }
  });

  test('what only reads works in chunks too, and leaves training unchanged', async () => {
    const memoryBudget = await budgetFor({}, 17);
    const ofBudget = async (budget?: number) => {
      const trainer = make(budget ? { memoryBudget: budget } : {});
      const gradients = (await trainer.datasetGradients(dataset)).map(bits);
      const curve = await trainer.findLearningRate(dataset, { steps: 20 });
      const tta = await trainer.evaluate(dataset, { testTimeAugmentation: 2 });
      await trainer.profile(dataset, { steps: 1 });
      const fit = trainer.fit(dataset, { epochs: 2 });
      const meanwhile = await trainer.meanwhile.predict(others);
      await fit;
      const weights = bits(await trainer.getWeights());
      trainer.dispose();
      return { gradients, curve, tta, count: meanwhile.length, weights };
    };
    expect(await ofBudget(memoryBudget)).toEqual(await ofBudget());
  });
});

describe('a stream', () => {
  test('reads every image once an epoch, in the order of the epoch, and the next epoch ahead', async () => {
    const records = new Records(dataset);
    const trainer = make({ memoryBudget: await budgetFor({}, 17) });
    const { images } = await trainer.fit(streamed(dataset, records), { epochs: 3 });
    const { training } = images!;
    trainer.dispose();
    const read = records.reads.flat();
    expect(read).toHaveLength(66);
    for (const epoch of [0, 1, 2]) {
      expect(read.slice(22 * epoch, 22 * (epoch + 1)).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 22 }, (_, i) => i),
      );
    }
    expect(training).toMatchObject({ images: 22, bytes: 22 * elements, chunkImages: 4, chunks: 4, imagesRead: 66 });
    expect(training.gpuBytes).toBe(16 * elements);
    expect(training.waitMs! + training.firstWaitMs!).toBeGreaterThan(0);
  });

  test('a run that is stopped does not wait for pending images', async () => {
    const stop = new AbortController();
    const source: ImageSource = { kind: 'nowhere', read: () => new Promise(() => stop.abort()) };
    const trainer = make({ memoryBudget: await budgetFor({}, 17) });
    const { stopped, steps } = await trainer.fit(streamed(dataset, source), { signal: stop.signal });
    expect({ stopped, steps }).toEqual({ stopped: true, steps: [] });
    trainer.dispose();
  });

  test('an error of the source becomes the error of the run', async () => {
    const records = new Records(dataset);
    const source: ImageSource = {
      kind: 'files',
      read: (indices) =>
        indices.includes(7) ? Promise.reject(new DataError({ what: 'cat.png is gone' })) : records.read(indices),
    };
    const trainer = make({ memoryBudget: await budgetFor({}, 17) });
    await expect(trainer.fit(streamed(dataset, source))).rejects.toThrow('cat.png is gone');
    await expect(
      trainer.fit(streamed(dataset, { kind: 'files', read: async () => new Uint8Array(3) })),
    ).rejects.toThrow(/returned different bytes than requested[\s\S]*found: "3 bytes"[\s\S]*expected: 144/);
    // The trainer still works.
    expect((await trainer.fit(dataset)).steps).toHaveLength(6);
    trainer.dispose();
  });

  test('a budget that is too small', async () => {
    const tooSmall = make({ memoryBudget: await budgetFor({}, 7) });
    await expect(tooSmall.fit(dataset)).rejects.toThrow(
      /images of two training steps do not fit[\s\S]*found: "0.0 MiB for steps of 4 images of 6 x 6 x 1[\s\S]*raise memoryBudget/,
    );
    const smaller = make({ memoryBudget: 1000 });
    await expect(smaller.fit(dataset)).rejects.toThrow(/network alone needs more GPU memory/);
    for (const trainer of [tooSmall, smaller]) trainer.dispose();
    for (const memoryBudget of [0, -1, 1.5, Number.NaN, '256 MiB' as never]) {
      expect(() => make({ memoryBudget })).toThrow(/memoryBudget/);
    }
  });
});

test('pictures that are decoded during training have the pixels of those that are read into memory', async () => {
  const canvas = new OffscreenCanvas(12, 9);
  const context = canvas.getContext('2d')!;
  const files = [];
  for (let i = 0; i < 20; i++) {
    context.fillStyle = `rgb(${12 * i} ${255 - 12 * i} ${(40 * i) % 256})`;
    context.fillRect(0, 0, 12, 9);
    context.clearRect(i % 6, 2, 3, 3);
    const file = await canvas.convertToBlob({ type: i % 2 ? 'image/png' : 'image/webp' });
    files.push({ path: `${i % 2 ? 'odd' : 'even'}/${String(i).padStart(2, '0')}.png`, file });
  }
  const { train } = await readUserFiles(files, { size: 6, validationSplit: 0 });
  expect(train.imageShape).toEqual([6, 6, 3]);
  const inOrder = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const source = pictureSource(inOrder, { imageShape: [6, 6, 3] });
  const read = await source.read(Uint32Array.from({ length: 20 }, (_, i) => i));
  expect(await source.read(Uint32Array.of(7, 7))).toEqual(
    Uint8Array.from([...read.slice(7 * 108, 8 * 108), ...read.slice(7 * 108, 8 * 108)]),
  );
  const sorted = (bytes: Uint8Array) =>
    Array.from({ length: 20 }, (_, i) => bytes.subarray(i * 108, (i + 1) * 108).join()).sort();
  expect(sorted(read)).toEqual(sorted(train.images));
  const broken = pictureSource([{ path: 'cat.jpg', file: new Blob(['no picture']) }], { imageShape: [6, 6, 3] });
  await expect(broken.read(Uint32Array.of(0))).rejects.toThrow(/cat.jpg cannot be decoded/);
  expect(() => pictureSource([], { imageShape: [6, 6, 4] })).toThrow(/cannot become images of this shape/);
});

test('images larger than one binding are kept in several buffers, with bit-identical results', async () => {
  const small = await openGpu({ adapter: 'software', defaultLimitsOnly: true });
  // 129 MiB of images, one more than a binding may have.
  const imageShape = [256, 256, 3] as const;
  const count = 688;
  const images = new Uint8Array(count * 196608);
  for (let i = 0; i < count; i++) images.fill((i * 37) % 251, i * 196608, (i + 1) * 196608);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const large = createDataset({ images, labels, imageShape });
  const model = {
    inputShape: [8, 8, 3],
    layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'softmax' }],
  } as TrainerOptions['model'];
  // Few of the pixels are used in computations: the test is about their location.
  const augmentation: TrainerOptions['augmentation'] = [{ type: 'randomCrop', size: 8 }];
  const fitted = async (on: typeof gpu, kind: string) => {
    const trainer = createTrainer(on, { model, batchSize: 86, seed: 3, augmentation });
    const { images: used, steps } = await trainer.fit(large);
    expect(used!.training).toMatchObject({ kind: 'resident' });
    expect(used!.training.buffers > 1 ? 'several' : 'one').toBe(kind);
    const weights = bits(await trainer.getWeights());
    trainer.dispose();
    return { steps, weights };
  };
  expect(await fitted(small, 'several')).toEqual(await fitted(gpu, 'one'));
  small.dispose();
});
