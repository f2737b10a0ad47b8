import { expect, test } from 'vitest';
import { createDataset, fingerprint, holdOut, inspectDatasets, takeFirst } from '../../src/data/index.ts';
import { DataError } from '../../src/errors.ts';
import { pickSamples, sliceDataset } from '../../src/plan/samples.ts';

const images = Uint8Array.from({ length: 12 }, (_, i) => i);
const labels = Uint8Array.of(0, 2);
const parts = { images, labels, imageShape: [2, 3, 1] };

test('a data set of two images', () => {
  const classNames = ['0', '1', '2'];
  expect(createDataset(parts)).toEqual({ images, labels, imageShape: [2, 3, 1], classNames, count: 2 });
});

test('labels may be any list of numbers', () => {
  expect(createDataset({ ...parts, labels: [1, 0], classNames: ['a', 'b'] }).labels).toEqual(Uint8Array.of(1, 0));
});

test('the first images are views', () => {
  const first = takeFirst(createDataset(parts), 1);
  expect(first).toMatchObject({ count: 1, labels: Uint8Array.of(0), classNames: ['0', '1', '2'] });
  expect(first.images).toEqual(images.subarray(0, 6));
  expect(first.images.buffer).toBe(images.buffer);
  expect(takeFirst(first, 100).count).toBe(1);
  for (const count of [0, -1, 1.5, Number.NaN]) expect(() => takeFirst(first, count)).toThrow(DataError);
});

test.each([
  ['bytes left over', { images: new Uint8Array(13) }, /13 bytes.*multiple of 2 x 3 x 1 = 6 bytes/s],
  ['no image', { images: new Uint8Array(), labels: [] }, /0 images.*at least one/s],
  ['a label missing', { labels: [0] }, /1 labels.*expected: 2/s],
  ['a label outside the classes', { labels: [0, 2], classNames: ['a', 'b'] }, /image 1 .*found: 2.*from 0 to 1/s],
  ['a label that is no number', { labels: [Number.NaN, 0] }, /image 0 .*found: NaN/s],
  ['a label below zero', { labels: [-1, 0] }, /image 0 .*found: -1/s],
  ['half a label', { labels: [0, 0.5] }, /image 1 .*found: 0.5/s],
  ['a label beyond two bytes', { labels: [0, 65536] }, /image 1 .*found: 65536.*from 0 to 65535/s],
  ['no classes', { classNames: [] }, /number of classes.*found: 0/s],
  ['a shape without channels', { imageShape: [2, 3] }, /\[height, width, channels\]/],
  ['a shape of nothing', { imageShape: [2, 0, 1] }, /found: \[2,0,1\]/],
])('%s', (_, changes, expected) => {
  expect(() => createDataset({ ...parts, ...changes })).toThrow(DataError);
  expect(() => createDataset({ ...parts, ...changes })).toThrow(expected);
});

test('sample weights are kept with their images, and rejected if they do not fit', () => {
  const parts = { images: new Uint8Array(4), labels: [0, 1, 0, 1], imageShape: [1, 1, 1] };
  const weighted = createDataset({ ...parts, sampleWeights: [1, 0, 2, 0.5] });
  expect(weighted.sampleWeights).toEqual(Float32Array.of(1, 0, 2, 0.5));
  expect(takeFirst(weighted, 2).sampleWeights).toEqual(Float32Array.of(1, 0));
  expect(sliceDataset(weighted, 1, 2).sampleWeights).toEqual(Float32Array.of(0, 2));
  expect(pickSamples(weighted, [3, 0]).sampleWeights).toEqual(Float32Array.of(0.5, 1));
  expect(() => createDataset({ ...parts, sampleWeights: [1, 2] })).toThrow('2 weights');
  expect(() => createDataset({ ...parts, sampleWeights: [1, -2, 1, 1] })).toThrow('weight -2 of image 1');
});

test('images from a source are read only when they are needed', async () => {
  const source = { kind: 'files', read: async (indices: Uint32Array) => Uint8Array.from(indices) };
  const parts = { source, labels: [0, 1, 0, 1], imageShape: [1, 1, 1] };
  const streamed = createDataset(parts);
  expect(streamed).toMatchObject({ count: 4, images: new Uint8Array(), imageShape: [1, 1, 1], classNames: ['0', '1'] });
  const read = async ({ source }: typeof streamed, ...indices: number[]) => [
    ...(await source!.read(Uint32Array.from(indices))),
  ];
  expect(await read(streamed, 2, 2)).toEqual([2, 2]);
  expect(await read(takeFirst(streamed, 2), 1)).toEqual([1]);
  expect(await read(sliceDataset(streamed, 1, 2), 0, 1)).toEqual([1, 2]);
  expect(await read(pickSamples(streamed, [3, 0]), 0)).toEqual([3]);
  const held = holdOut({ ...streamed, labels: [0, 0, 1, 1] }, 0.5);
  expect(await read(held.train as typeof streamed, 0, 1)).toEqual([0, 2]);
  expect(await read(held.test as typeof streamed, 0, 1)).toEqual([1, 3]);
  const { images: _, ...targets } = { ...parts, images: 0, targets: Float32Array.of(1, 2, 3, 4), labels: undefined };
  expect(createDataset(targets)).toMatchObject({ count: 4, targetNames: ['0'] });
  expect(() => createDataset({ ...parts, labels: [] })).toThrow(/0 images/);
  expect(() => createDataset({ ...parts, source: {} as never })).toThrow(/cannot be read/);
  for (const whole of [
    () => inspectDatasets({ train: streamed, test: streamed }),
    () => fingerprint({ train: streamed, test: streamed }),
  ]) {
    expect(whole).toThrow(/needs all images in memory/);
  }
});
