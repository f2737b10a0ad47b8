import { createDataset, type Dataset } from '../../src/index.ts';
import { uniforms } from '../../src/model/initializers.ts';

const size = 16;
export const madeClasses = 10;

/**
 * Images of ten classes, each a pattern of 5 x 5 colored blocks, seen through a randomly placed window with noise of one and a half
 * times its amplitude. The bytes are the same as in test/fixtures/measure_torch_learning.py.
 */
export function madeImages(stream: number, count: number): Dataset {
  const block = uniforms(1, 1);
  const blocks = Float64Array.from({ length: madeClasses * 5 * 5 * 3 }, block);
  const [place, noise] = [uniforms(1, stream), uniforms(1, stream + 1)];
  const images = new Uint8Array(count * size * size * 3);
  const labels = new Uint8Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const label = Math.floor(place() * madeClasses);
    const [top, left] = [Math.floor(place() * 5), Math.floor(place() * 5)];
    labels[i] = label;
    for (let y = top; y < top + size; y++) {
      for (let x = left; x < left + size; x++) {
        for (let c = 0; c < 3; c++) {
          const pattern = blocks[((label * 5 + Math.floor(y / 4)) * 5 + Math.floor(x / 4)) * 3 + c]!;
          const value = Math.floor(128 + 100 * (pattern - 0.5) + 150 * (noise() - 0.5));
          images[at++] = Math.min(255, Math.max(0, value));
        }
      }
    }
  }
  return createDataset({ images, labels, imageShape: [size, size, 3], classNames: [...'abcdefghij'] });
}
