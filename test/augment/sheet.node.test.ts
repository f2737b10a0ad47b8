import { expect, test } from 'vitest';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { fillSheetOptions, layOut, takeApart, toGrayLevels } from '../../src/augment/sheet.ts';
import { ConfigurationError } from '../../src/errors.ts';

const gray = { height: 1, width: 2, channels: 1 };

test('originals are on the left and samples on the right, with one row per image', () => {
  const { width, height, data, rows, columns, cell } = layOut(
    { originals: [10, 20, 30, 40], from: gray, drawn: [[1, 2, 3, 4]], to: gray },
    1,
  );
  expect([rows, columns, cell]).toEqual([2, 2, { width: 2, height: 1, gap: 4 }]);
  expect([width, height]).toEqual([4 + 2 * (2 + 4), 4 + 2 * (1 + 4)]);
  const at = (x: number, y: number) => [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
  expect([at(4, 4), at(5, 4), at(10, 4), at(11, 4)]).toEqual([10, 20, 1, 2].map((v) => [v, v, v, 255]));
  expect([at(4, 9), at(5, 9), at(10, 9), at(11, 9)]).toEqual([30, 40, 3, 4].map((v) => [v, v, v, 255]));
  expect([at(0, 0), at(6, 4), at(width - 1, height - 1)]).toEqual(Array(3).fill([255, 255, 255, 255]));
});

test('pixels are magnified, colors are kept, and smaller samples are centered', () => {
  const from = { height: 2, width: 2, channels: 3 };
  const sheet = layOut(
    { originals: Array(12).fill(7), from, drawn: [[100, 150, 200]], to: { height: 1, width: 1, channels: 3 } },
    2,
  );
  const at = (x: number, y: number) => [
    ...sheet.data.subarray((y * sheet.width + x) * 4, (y * sheet.width + x) * 4 + 3),
  ];
  // The second cell begins at 4 + 4 + 4; its only pixel is two wide, with a margin of one on each side.
  expect([at(12, 4), at(13, 5), at(14, 6), at(15, 7)]).toEqual([
    [255, 255, 255],
    [100, 150, 200],
    [100, 150, 200],
    [255, 255, 255],
  ]);
});

test('a rescale is undone', () => {
  const pipeline = parseAugmentation({ rescale: 1 / 255 }, [1, 2, 1]);
  expect([...toGrayLevels(pipeline, Float32Array.of(0, 1))]).toEqual([0, 255]);
  expect([...toGrayLevels(parseAugmentation({}, [1, 2, 1]), Float32Array.of(3, 4))]).toEqual([3, 4]);
});

test('an augmentation is split into single effects, and arguments that modify them are kept in every part', () => {
  expect(takeApart({ rotationRange: 15, horizontalFlip: true, verticalFlip: false, fillMode: 'wrap' })).toEqual([
    { title: 'rotationRange', augmentation: { fillMode: 'wrap', rotationRange: 15 } },
    { title: 'horizontalFlip', augmentation: { fillMode: 'wrap', horizontalFlip: true } },
  ]);
  expect(takeApart([{ type: 'randomInvert', p: 0.1 }, { type: 'randomHorizontalFlip' }])).toEqual([
    { title: 'randomInvert', augmentation: [{ type: 'randomInvert', p: 1 }] },
    { title: 'randomHorizontalFlip', augmentation: [{ type: 'randomHorizontalFlip', p: 1 }] },
  ]);
});

test.each([
  [{ samples: [1, 2] }, /2 samples for 3 images/],
  [{ draws: 0 }, /draws/],
  [{ epoch: -1 }, /epoch/],
  [{ magnification: 0.5 }, /magnification/],
])('rejected: %j', (options, words) => {
  expect(() => fillSheetOptions(options, 3)).toThrow(ConfigurationError);
  expect(() => fillSheetOptions(options, 3)).toThrow(words);
});
