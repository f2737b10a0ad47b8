import { afterAll, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { OpConfig } from '../../src/augment/op_options.ts';
import { openGpu } from '../../src/gpu/device.ts';
import { expectSame } from '../../src/selftest/compare.ts';

const gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

test('a crop position that is possible only because of the padding is still sampled', async () => {
  // 6 x 5 padded by [2, 1] is as large as the crop: its only possible position still moves the image.
  const [height, width] = [6, 5];
  const augmentation: OpConfig[] = [{ type: 'randomCrop', size: [8, 9], padding: [2, 1] }];
  const augmenter = createAugmenter(gpu, { imageShape: [height, width, 1], augmentation, seed: 1 });
  const image = Uint8Array.from({ length: height * width }, (_, i) => i + 1);
  const y = await augmenter.apply(image, { epoch: 1, samples: [0] });
  const expected = Array.from({ length: 8 * 9 }, (_, i) => {
    const [row, column] = [Math.floor(i / 9) - 1, (i % 9) - 2];
    return row >= 0 && row < height && column >= 0 && column < width ? image[row * width + column]! : 0;
  });
  expect(expected.filter((value) => value > 0)).toHaveLength(height * width);
  expectSame('y', y, expected);
});
