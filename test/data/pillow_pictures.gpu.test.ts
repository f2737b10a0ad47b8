import { decode } from 'fast-png';
import { unzlibSync } from 'fflate';
import { expect, test } from 'vitest';
import { decodeWidePng } from '../../src/data/wide_png.ts';
import { pictureSource } from '../../src/index.ts';
import fixture from '../fixtures/pillow_pictures.json';
import { bytesOf, widePng } from './made_files.ts';

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

test('PNGs of 16 bits keep all of them, in every color type, filter and pass, as fast-png reads them', () => {
  const samples = (count: number) =>
    Array.from({ length: count }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 14) & 65535);
  const files = [
    ...fixture.pictures.filter(({ kind }) => kind.startsWith('PNG, 16 bit')).map(({ file }) => bytesOf(atob(file))),
    ...([0, 2, 4, 6] as const).map((color) => widePng(7, color, samples(7 * 9 * { 0: 1, 2: 3, 4: 2, 6: 4 }[color]))),
  ];
  expect(files).toHaveLength(12);
  for (const file of files) {
    const { width, height, channels, data } = decode(file);
    const { rgba, ...size } = decodeWidePng(file);
    expect(size).toEqual({ width, height });
    const expected = Array.from({ length: width * height }, (_, i) => {
      const pixel = data.subarray(i * channels, (i + 1) * channels);
      const alpha = channels % 2 === 0 ? pixel[channels - 1]! : 65535;
      return channels > 2 ? [pixel[0], pixel[1], pixel[2], alpha] : [pixel[0], pixel[0], pixel[0], alpha];
    }).flat();
    expect([...rgba]).toEqual(expected);
    for (const damaged of [file.slice(0, -30), file.map((byte, at) => (at === file.length - 20 ? byte ^ 1 : byte))])
      expect(() => decodeWidePng(damaged)).toThrow(DOMException);
  }
});

test('a 16-bit PNG has a transparent level only if tRNS has its length, and no methods but those of the specification', () => {
  const alphas = (color: 0 | 2, transparency: number[]) => {
    const { rgba } = decodeWidePng(widePng(2, color, color === 0 ? [258, 7] : [258, 3, 4, 7, 7, 7], { transparency }));
    return [rgba[3], rgba[7]];
  };
  expect(alphas(0, [1, 2])).toEqual([0, 65535]);
  expect(alphas(2, [1, 2, 0, 3, 0, 4])).toEqual([0, 65535]);
  for (const transparency of [[], [1], [1, 2, 0], [1, 2, 0, 3]]) {
    expect(alphas(0, transparency)).toEqual([65535, 65535]);
    expect(alphas(2, transparency)).toEqual([65535, 65535]);
  }
  for (const methods of [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 2],
    [0, 0, 7],
  ])
    expect(() => decodeWidePng(widePng(2, 0, [1, 2], { methods }))).toThrow('its header');
});
