import { describe, expect, test } from 'vitest';
import { cifar10Names, formatCifar10, parseCifar10, parseCifar10Parts } from '../../src/data/index.ts';
import { DataError } from '../../src/errors.ts';

const planeBytes = 32 * 32;
const recordBytes = 1 + 3 * planeBytes;

/** A record in the documented format, in which all pixels differ from their neighbors. */
function record(label: number, salt: number): Uint8Array {
  const bytes = new Uint8Array(recordBytes);
  bytes[0] = label;
  for (let plane = 0; plane < 3; plane++) {
    for (let at = 0; at < planeBytes; at++) bytes[1 + plane * planeBytes + at] = value(salt, plane, at >> 5, at & 31);
  }
  return bytes;
}

const value = (salt: number, channel: number, row: number, column: number) =>
  (salt + 85 * channel + 7 * row + 3 * column) & 255;

const join = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));

test('planes become channels, in the order of the batches', () => {
  const dataset = parseCifar10([join(record(3, 10), record(9, 20)), record(0, 30)]);
  expect(dataset).toMatchObject({ count: 3, imageShape: [32, 32, 3], classNames: [...cifar10Names] });
  expect([...dataset.labels]).toEqual([3, 9, 0]);
  let at = 0;
  for (const salt of [10, 20, 30]) {
    for (let row = 0; row < 32; row++) {
      for (let column = 0; column < 32; column++) {
        for (let channel = 0; channel < 3; channel++) {
          if (dataset.images[at++] !== value(salt, channel, row, column)) {
            throw new Error(`salt ${salt}, row ${row}, column ${column}, channel ${channel}`);
          }
        }
      }
    }
  }
  expect(at).toBe(dataset.images.length);
});

test('a round trip', () => {
  const batch = join(record(1, 4), record(2, 5), record(8, 6));
  const { images, labels } = parseCifar10([batch]);
  expect(Buffer.from(formatCifar10(images, labels)).equals(batch)).toBe(true);
});

describe('rejected', () => {
  const names = ['some/data_batch_1.bin', 'some/data_batch_2.bin'];
  const good = record(0, 0);

  test.each([
    ['a file truncated', [good, good.subarray(0, 3000)], /data_batch_2.bin is not.*"3000 bytes".*multiple of 3073/s],
    ["CIFAR-100's records", [new Uint8Array(3074), good], /data_batch_1.bin.*"3074 bytes".*CIFAR-100/s],
    ['an empty file', [good, new Uint8Array()], /data_batch_2.bin.*"0 bytes"/s],
    ['a label of 10', [good, join(good, record(10, 0))], /record 1 of some\/data_batch_2.bin.*found: 10/s],
    ['no file', [], /empty.*0 images/s],
  ])('%s', (_, batches, expected) => {
    expect(() => parseCifar10(batches, names)).toThrow(DataError);
    expect(() => parseCifar10(batches, names)).toThrow(expected);
  });

  test('a batch without a name is identified by its number', () => {
    expect(() => parseCifar10([good, new Uint8Array(1)])).toThrow(/^Batch 2 is not/);
  });

  test('images and labels that are not whole records', () => {
    const images = new Uint8Array(3072);
    expect(() => formatCifar10(images, [10])).toThrow(/image 0 is outside the classes.*found: 10/s);
    expect(() => formatCifar10(images.subarray(1), [1])).toThrow(/whole number of images/);
    expect(() => formatCifar10(images, [1, 2])).toThrow(/2 labels/);
  });
});

test('invalid labels are kept for inspectDatasets', () => {
  const { labels, classNames } = parseCifar10Parts([join(record(200, 0), record(1, 1))]);
  expect([...(labels as Uint8Array)]).toEqual([200, 1]);
  expect(classNames).toEqual(cifar10Names);
});
