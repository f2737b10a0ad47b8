import { unzlibSync } from 'fflate';
import { expect, test } from 'vitest';
import { pictureSource } from '../../src/index.ts';
import fixture from '../fixtures/pillow_pictures.json';
import { bytesOf } from './made_files.ts';

test('a hundred pictures of all kinds have the pixels that Pillow gives them', async () => {
  expect(fixture.pictures).toHaveLength(100);
  const wrong: string[] = [];
  for (const { kind, file, height, width, pixels, tolerance } of fixture.pictures) {
    const source = pictureSource([{ path: kind, file: new Blob([bytesOf(atob(file))]) }], {
      imageShape: [height, width, 3],
    });
    const read = await source.read(Uint32Array.of(0)).catch((error: Error) => error.message);
    const expected = unzlibSync(bytesOf(atob(pixels)));
    if (typeof read === 'string') wrong.push(`${kind}: ${read}`);
    else {
      const most = read.reduce((most, level, at) => Math.max(most, Math.abs(level - expected[at]!)), 0);
      if (read.length !== expected.length || !(most <= tolerance)) wrong.push(`${kind}: off by ${most} > ${tolerance}`);
    }
  }
  expect(wrong).toEqual([]);
});
