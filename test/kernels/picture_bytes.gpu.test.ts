import { afterAll, expect, test } from 'vitest';
import { openGpu } from '../../src/index.ts';
import { pictureBytes } from '../../src/reference/picture_bytes.ts';
import { checkKernel } from '../../src/selftest/kernels/check_kernel.ts';
import { checkPictureBytes } from '../../src/selftest/kernels/picture_checks.ts';

const gpu = await openGpu();
afterAll(() => gpu.dispose());

test.each([
  ['the control', { batch: 3, height: 4, width: 8, channels: 3 }],
  ['gray', { batch: 3, height: 4, width: 8, channels: 1 }],
  ['images that end within a word', { batch: 3, height: 5, width: 7, channels: 1 }],
  ['one color pixel', { batch: 1, height: 1, width: 1, channels: 3 }],
  ['rows of a whole pitch', { batch: 2, height: 2, width: 64, channels: 3 }],
  ['rows longer than that', { batch: 2, height: 3, width: 65, channels: 1 }],
] as const)('%s', (_, shape) => checkKernel(gpu, checkPictureBytes(shape)));

test('the twin: gray pixels stay what they are, colors have their luminance', () => {
  const levels = Array.from({ length: 256 }, (_, level) => [level, level, level, 255]).flat();
  const gray = { batch: 1, height: 16, width: 16, channels: 1 } as const;
  expect([...pictureBytes(gray, levels)]).toEqual(Array.from({ length: 256 }, (_, level) => level));
  const colors = [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 0];
  // ITU-R BT.601, as in Pillow's convert('L').
  expect([...pictureBytes({ ...gray, height: 2, width: 2 }, colors)]).toEqual([76, 150, 29, 255]);
});
