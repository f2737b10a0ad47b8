import { expect, test } from 'vitest';
import { DataError, type PlacedFile, readBrought, readPictures } from '../../src/index.ts';

/** A PNG of one colour with a mark in its middle. */
async function picture(
  path: string,
  [width, height]: [number, number],
  colour: string,
  mark?: string,
): Promise<PlacedFile> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  if (mark) {
    context.fillStyle = mark;
    context.fillRect(width / 2 - 2, height / 2 - 2, 4, 4);
  }
  return { path, file: await canvas.convertToBlob({ type: 'image/png' }) };
}

test('pixels are read as they are stored; grey pictures of one small size keep it and become one channel', async () => {
  const files = [
    await picture('a/1.png', [8, 6], '#808080', '#fefefe'),
    await picture('b/1.png', [8, 6], '#010101'),
    { path: 'b/2.png', file: new Blob(['no picture']) },
  ];
  const progress: [number, number][] = [];
  const read = await readPictures(files, { onProgress: (done, total) => progress.push([done, total]) });
  expect(read.train).toMatchObject({ imageShape: [6, 8, 1], labels: [0, 1], classNames: ['a', 'b'] });
  const [first, second] = [read.train.images.subarray(0, 48), read.train.images.subarray(48)];
  expect([first[0], first[3 * 8 + 4], first[47]]).toEqual([0x80, 0xfe, 0x80]);
  expect(new Set(second)).toEqual(new Set([1]));
  expect(read.skipped).toMatchObject([{ path: 'b/2.png' }]);
  expect(progress).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
});

test('others are cut to a square around their middle and scaled; colours stay, what is transparent becomes white', async () => {
  const wide = await picture('a/1.png', [100, 40], '#ff0000');
  const clear = await picture('b/1.png', [40, 40], 'rgba(0, 0, 0, 0)');
  const { train } = await readPictures([wide, clear], { size: 4 });
  expect(train.imageShape).toEqual([4, 4, 3]);
  expect([...train.images.subarray(0, 3)]).toEqual([255, 0, 0]);
  expect(new Set(train.images.subarray(48))).toEqual(new Set([255]));
  const automatic = await readPictures([wide, clear]);
  expect(automatic.train.imageShape).toEqual([32, 32, 3]);
});

test('a folder called test is for validation', async () => {
  const files = await Promise.all(
    ['train/a/1', 'train/b/1', 'test/a/1'].map((path) => picture(`set/${path}.png`, [4, 4], '#000')),
  );
  const { train, test } = await readPictures(files);
  expect([train.labels, test.labels]).toEqual([[0, 1], [0]]);
  await expect(
    readPictures([
      { path: 'a/1.png', file: new Blob() },
      { path: 'b/1.png', file: new Blob() },
    ]),
  ).rejects.toThrow(DataError);
});

/** An IDX file of bytes. */
function idx(path: string, shape: number[], data: number[]): PlacedFile {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
  bytes.set(data, 4 + 4 * shape.length);
  return { path, file: new Blob([bytes]) };
}

test('IDX files by their names, CIFAR batches by theirs', async () => {
  const files = [
    idx('train-images-idx3-ubyte', [2, 1, 2], [1, 2, 3, 4]),
    idx('train-labels-idx1-ubyte', [2], [1, 0]),
    idx('t10k-images-idx3-ubyte', [1, 1, 2], [5, 6]),
    idx('t10k-labels-idx1-ubyte', [1], [1]),
  ];
  const { train, test } = await readBrought(files);
  expect([[...train.images], [...Array.from(train.labels)], train.imageShape]).toEqual([
    [1, 2, 3, 4],
    [1, 0],
    [1, 2, 1],
  ]);
  expect([...test.images]).toEqual([5, 6]);
  await expect(readBrought(files.slice(0, 1))).rejects.toThrow('IDX files come in pairs');
  const batch = new Uint8Array(2 * 3073).fill(7);
  const cifar = await readBrought([
    { path: 'c/data_batch_1.bin', file: new Blob([batch]) },
    { path: 'c/test_batch.bin', file: new Blob([batch.subarray(0, 3073)]) },
  ]);
  expect([cifar.train.labels.length, cifar.test.labels.length]).toEqual([2, 1]);
  expect(cifar.train.imageShape).toEqual([32, 32, 3]);
});
