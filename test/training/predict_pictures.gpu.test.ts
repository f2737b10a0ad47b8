import { expect, test } from 'vitest';
import {
  createDataset,
  createTrainer,
  DataError,
  loadTrainer,
  type Model,
  type Picture,
  parseRun,
  readUserFiles,
  type Trainer,
} from '../../src/index.ts';
import { widePng } from '../data/made_files.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { smallDataset, smallModel } from './small.ts';

/** Stripes and a disk in colors that depend on the seed, partly transparent; without colors if `gray`. */
function draw(width: number, height: number, seed: number, gray = false): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  const color = (i: number) =>
    gray ? `hsl(0 0% ${(i * 23) % 100}%)` : `hsl(${(i * 67) % 360} 80% ${20 + ((i * 13) % 60)}%)`;
  for (let x = 0; x < width; x += 3) {
    context.fillStyle = color(x + seed);
    context.fillRect(x, seed % 7, 3, height - (seed % 9));
  }
  context.fillStyle = color(seed + 100);
  context.beginPath();
  context.arc(width / 2, height / 3, Math.min(width, height) / 4, 0, 7);
  context.fill();
  return canvas;
}

function onWhite(picture: OffscreenCanvas): OffscreenCanvas {
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0);
  return canvas;
}

const modelOf = (inputShape: [number, number, number], units = 3): Model => ({
  inputShape,
  layers: [
    { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
    { type: 'flatten' },
    { type: 'dense', units, activation: 'softmax' },
  ],
});

const pngOf = (canvas: OffscreenCanvas) => canvas.convertToBlob();

const dataOf = (canvas: OffscreenCanvas) => canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);

test.each([
  ['cover', false],
  ['contain', true],
  ['fill', false],
] as const)('files are predicted as the data set that is read from them: fit %s, gray %s', async (fit, gray) => {
  const blobs = await Promise.all([
    ...[draw(40, 30, 1, gray), draw(30, 50, 2, gray), draw(16, 16, 3, gray), draw(9, 64, 4, gray)].map(pngOf),
    draw(16, 24, 5, gray).convertToBlob({ type: 'image/webp', quality: 1 }),
  ]);
  const files = blobs.map((file, i) => ({ path: `pictures/${i % 2 ? 'cat' : 'dog'}/${i}.png`, file }));
  const { train } = await readUserFiles(files, { size: [12, 16], fit, validationSplit: 0 });
  const dataset = createDataset(train);
  const isGray = dataset.imageShape[2] === 1;
  expect(isGray).toBe(gray);
  const trainer = createTrainer(gpu, { model: modelOf(dataset.imageShape, 2), batchSize: 2, seed: 3 });
  await trainer.fit(dataset, { epochs: 1 });
  expect(trainer.pictures).toEqual({ imageShape: dataset.imageShape, fit });
  expect(trainer.classNames).toEqual(['cat', 'dog']);
  const { buffers } = trainer.memory;
  // The files of a class are consecutive in the data set.
  const inOrder = [1, 3, 0, 2, 4].map((i) => blobs[i]!);
  const expected = await trainer.predict(dataset);
  expect(await trainer.predict(inOrder)).toEqual(expected);
  expect(await trainer.meanwhile.predict(inOrder[3]!)).toEqual(expected.slice(6, 8));
  expect(trainer.memory.buffers).toBe(buffers);
  trainer.dispose();
});

test('16-bit pictures are stretched as those of the training were, by a trainer, its copy and its saved file', async () => {
  const levels = (base: number) => Array.from({ length: 16 }, (_, i) => 100 + 90 * ((i * base) % 16));
  const blobs = [3, 5, 7, 9].map((base) => new Blob([widePng(4, 0, levels(base))]));
  const files = blobs.map((file, i) => ({ path: `pictures/${i % 2 ? 'cat' : 'dog'}/${i}.png`, file }));
  const { train } = await readUserFiles(files, { validationSplit: 0, stretch: true });
  const dataset = createDataset(train);
  const [low, high] = [100, 100 + 90 * 15];
  expect(dataset.pictureLevels).toEqual({ from: low, to: high });
  const model: Model = {
    inputShape: [4, 4, 1],
    layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'softmax' }],
  };
  const trainer = createTrainer(gpu, { model, batchSize: 2, seed: 3 });
  await trainer.fit(dataset, { epochs: 1 });
  const inOrder = [1, 3, 0, 2].map((i) => blobs[i]!);
  const expected = await trainer.predict(dataset);
  const saved = await trainer.save();
  expect(parseRun(new Uint8Array(await saved.arrayBuffer())).dataset.pictureLevels).toEqual({ from: low, to: high });
  const trainers = [trainer, await trainer.clone(), await loadTrainer(gpu, saved)];
  for (const one of trainers) {
    expect(await one.predict(inOrder)).toEqual(expected);
    const bytes = new Uint8Array(await inOrder[1]!.arrayBuffer());
    expect(await one.predict(bytes)).toEqual(expected.slice(2, 4));
  }
  // Pictures of 8 bits are not stretched, in training as in prediction; and without the levels 12 bits are dark.
  const other = createTrainer(gpu, { model, batchSize: 2, seed: 3, pictures: { imageShape: [4, 4, 1] } });
  await other.setWeights(await trainer.getWeights());
  expect(await other.predict(inOrder)).not.toEqual(expected);
  for (const one of [...trainers, other]) one.dispose();
  expect(() => createTrainer(gpu, { model, pictures: { levels: { from: 9, to: 8 } } })).toThrow(
    'Invalid option pictures',
  );
});

test('every kind of picture is the same picture', async () => {
  const trainer = createTrainer(gpu, {
    model: modelOf([16, 16, 3]),
    batchSize: 4,
    classNames: ['a', 'b', 'c'],
    augmentation: { samplewiseCenter: true },
  });
  const opaque = onWhite(draw(32, 32, 7));
  const blob = await pngOf(opaque);
  const buffer = await blob.arrayBuffer();
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  const element = document.createElement('canvas');
  Object.assign(element, { width: 32, height: 32 });
  element.getContext('2d')!.drawImage(opaque, 0, 0);
  const frame = new VideoFrame(opaque, { timestamp: 0 });
  const pictures: Picture[] = [
    blob,
    new File([blob], 'picture'),
    buffer,
    new Uint8Array(buffer),
    image,
    element,
    opaque,
    frame,
    dataOf(opaque),
    await createImageBitmap(opaque),
  ];
  const all = await trainer.predict(pictures);
  const first = all.slice(0, 3);
  for (const [i] of pictures.entries()) expect(all.slice(3 * i, 3 * i + 3)).toEqual(first);
  for (const picture of pictures) expect(await trainer.predict(picture)).toEqual(first);
  // Transparent pixels become white.
  const small = draw(16, 16, 7);
  const whitened = await trainer.predict(onWhite(small));
  expect(dataOf(small).data.filter((_, i) => i % 4 === 3)).toContain(0);
  expect(await trainer.predict([small, dataOf(small)])).toEqual(Float32Array.of(...whitened, ...whitened));
  // The caller's pictures stay usable.
  expect((pictures.at(-1) as ImageBitmap).width).toBe(32);
  const outputs = await trainer.activations(opaque);
  expect(outputs.at(-1)!.values).toEqual(first);
  frame.close();
  URL.revokeObjectURL(image.src);
  trainer.dispose();
});

test('a prediction is of the weights at its call, whatever is called next', async () => {
  const trainer = createTrainer(gpu, { model: smallModel, batchSize: 8 });
  const dataset = smallDataset(16);
  const picture = draw(9, 9, 2, true);
  const [before, ofDataset] = [await trainer.predict(picture), await trainer.predict(dataset)];
  const asked = [trainer.predict(picture), trainer.predict(dataset)];
  await trainer.fit(dataset, { epochs: 1 });
  expect(await Promise.all(asked)).toEqual([before, ofDataset]);
  expect(await trainer.predict(picture)).not.toEqual(before);
  trainer.dispose();
});

const fixed = async (trainer: Trainer) => {
  const weights = await trainer.getWeights();
  await trainer.setWeights(weights.map((values) => values.map(() => 0)));
  const bias = weights.at(-1)!.map((_, i) => [1, 3, 2][i]!);
  await trainer.setWeights([...weights.slice(0, -1).map((values) => values.map(() => 0)), bias]);
};

test('top: the most probable classes by their names, of one picture or of each of several', async () => {
  const trainer = createTrainer(gpu, { model: smallModel, batchSize: 2 });
  await fixed(trainer);
  const canvas = draw(6, 6, 1, true);
  const [probabilities] = [await trainer.predict(canvas)];
  expect(trainer.classNames).toEqual(['0', '1', '2']);
  expect(await trainer.predict(canvas, { top: 2 })).toEqual([
    { className: '1', probability: probabilities[1] },
    { className: '2', probability: probabilities[2] },
  ]);
  const dataset = smallDataset(3);
  await trainer.fit(dataset, { epochs: 1 });
  await fixed(trainer);
  const names = ['middle', 'bottom', 'top'];
  const lists = [
    await trainer.predict([canvas, canvas, canvas], { top: 5 }),
    await trainer.meanwhile.predict(dataset, { top: 3 }),
    await trainer.predict(new Float32Array(3 * 36), { top: 3 }),
    await trainer.predict([new Float32Array(36), new Float32Array(72)], { top: 3 }),
  ];
  for (const list of lists) {
    expect(list.map((each) => each.map(({ className }) => className))).toEqual([names, names, names]);
    for (const each of list) expect(each.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
  }
  trainer.dispose();
});

test('top of one output: the second of two classes, and the first', async () => {
  const trainer = createTrainer(gpu, {
    model: {
      ...smallModel,
      layers: [...smallModel.layers.slice(0, -1), { type: 'dense', units: 1, activation: 'sigmoid' }],
    },
    loss: 'binaryCrossentropy',
    classNames: ['no', 'yes'],
  });
  const [yes] = await trainer.predict(new Float32Array(36));
  const list = await trainer.predict(draw(9, 6, 1, true), { top: 2 });
  expect(new Set(list.map(({ className }) => className))).toEqual(new Set(['no', 'yes']));
  const [zero] = await trainer.predict(new Float32Array(36), { top: 2 });
  expect(zero!.find(({ className }) => className === 'yes')!.probability).toBe(yes);
  expect(zero!.find(({ className }) => className === 'no')!.probability).toBe(1 - yes!);
  trainer.dispose();
});

test('what is no picture, and options that do not fit, are refused', async () => {
  const trainer = createTrainer(gpu, { model: smallModel });
  const refused = async (work: Promise<unknown>, words: RegExp, Kind: new (...args: never[]) => Error = DataError) => {
    const error = await work.then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error?.message).toMatch(words);
    expect(error).toBeInstanceOf(Kind);
  };
  const any = (value: unknown) => value as Picture;
  await refused(trainer.predict(new Uint8Array(36)), /Picture 0 cannot be decoded(.|\n)*ImageData/);
  await refused(trainer.predict([draw(4, 4, 1), new Blob(['text'])]), /Picture 1 cannot be decoded/);
  await refused(trainer.predict(new Image()), /no pixels(.|\n)*decode/);
  await refused(
    trainer.predict(any([draw(4, 4, 1), new Float32Array(36)])),
    /Entry 1 of the list is not a picture/,
    Error,
  );
  await refused(trainer.predict(any('cat.png')), /input is not an image[\s\S]*cat\.png[\s\S]*fetch/, Error);
  await refused(trainer.predict(draw(4, 4, 1), { top: 0 }), /top/, Error);
  await refused(
    trainer.predict([draw(4, 4, 1)], { testTimeAugmentation: 2 }),
    /requires a data set, whose bytes it augments/,
    Error,
  );
  expect(await trainer.predict([])).toHaveLength(0);
  trainer.dispose();
  const numbers = createTrainer(gpu, {
    model: { ...smallModel, layers: [...smallModel.layers.slice(0, -1), { type: 'dense', units: 2 }] },
    loss: 'meanSquaredError',
  });
  await refused(numbers.predict(draw(4, 4, 1), { top: 1 }), /top needs classes/, Error);
  expect(await numbers.predict(draw(4, 4, 1))).toHaveLength(2);
  numbers.dispose();
  expect(() => createTrainer(gpu, { model: smallModel, classNames: ['a', 'b'] })).toThrow(/3 names/);
  expect(() => createTrainer(gpu, { model: smallModel, pictures: { fit: 'crop' as 'cover' } })).toThrow(/'contain'/);
});
