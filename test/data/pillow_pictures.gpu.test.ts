import { decode } from 'fast-png';
import { unzlibSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { canvasFor, drawn } from '../../src/data/drawn_picture.ts';
import { pictureSource } from '../../src/index.ts';
import { pictureDecoding } from '../../src/picture_fit.ts';
import { decodePlainPng } from '../../src/png/plain_png.ts';
import { decodeWidePng } from '../../src/png/wide_png.ts';
import fixture from '../fixtures/pillow_pictures.json';
import { bytesOf, madePng, widePng } from './made_files.ts';

test('a hundred pictures of all kinds have the same pixels as with Pillow', async () => {
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

test('16-bit PNGs keep all bits with every color type, filter and pass, as with fast-png', () => {
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

describe('PNGs that are decoded without the browser', () => {
  /** The colors that this browser gives to a picture; undefined if it cannot decode it. */
  async function inBrowser(file: Uint8Array<ArrayBuffer>): Promise<number[] | undefined> {
    const bitmap = await createImageBitmap(new Blob([file]), pictureDecoding).catch(() => undefined);
    if (!bitmap) return undefined;
    const rgba = drawn(canvasFor(bitmap.height, bitmap.width), bitmap, 'cover');
    return [...rgba].filter((_, at) => at % 4 !== 3);
  }
  const [width, height] = [9, 11];
  const numbers = (count: number, most: number) =>
    Array.from({ length: count }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 13) % (most + 1));
  const palette = numbers(3 * 256, 255);
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
  /** @param alpha if the color type has one. */
  const made = (
    color: 0 | 2 | 3 | 4 | 6,
    depth: 1 | 2 | 4 | 8,
    options: Parameters<typeof madePng>[4] = {},
    alpha = 255,
  ) => {
    const samples = numbers(width * height * channels[color], 2 ** depth - 1).map((sample, at) =>
      color > 3 && at % channels[color] === channels[color] - 1 ? alpha : sample,
    );
    return madePng(width, color, depth, samples, { ...(color === 3 && { palette }), ...options });
  };
  const kinds = [
    ...([1, 2, 4, 8] as const).flatMap((depth) => [[0, depth] as const, [3, depth] as const]),
    ...([2, 4, 6] as const).map((color) => [color, 8] as const),
  ];

  test('PNGs decode to the same pixels with every color type, bit depth, filter type and ancillary chunk', async () => {
    const double = (value: number) => [0, 0, (value >> 8) & 255, value & 255];
    const chunks = [
      ['gAMA', double(22222)],
      ['cHRM', Array.from({ length: 8 }, () => double(31000)).flat()],
      ['sRGB', [0]],
      ['pHYs', [0, 0, 1, 0, 0, 0, 2, 0, 1]],
      ['tEXt', [...'Title'].map((letter) => letter.charCodeAt(0)).concat(0, 65)],
      ['tIME', [7, 230, 1, 1, 1, 1, 1]],
    ] as const;
    for (const [color, depth] of kinds) {
      const bits = [color === 0 || color === 4 ? [3] : [3, 2, 1], color > 3 ? [3] : []].flat();
      for (const more of [
        [],
        ...chunks.map((chunk) => [chunk]),
        [['sBIT', depth < 4 ? bits.map(() => 1) : bits] as const],
      ]) {
        const file = made(color, depth, { chunks: more });
        const plain = decodePlainPng(file);
        expect(plain, `color ${color}, depth ${depth}, ${more[0]?.[0]}`).toMatchObject({ width, height });
        expect([...plain!.rgb], `color ${color}, depth ${depth}, ${more[0]?.[0]}`).toEqual(await inBrowser(file));
      }
    }
    for (const { kind, file } of fixture.pictures) {
      const bytes = bytesOf(atob(file));
      const plain = kind.startsWith('PNG') ? decodePlainPng(bytes) : undefined;
      if (plain) expect([...plain.rgb], kind).toEqual(await inBrowser(bytes));
    }
  });

  test('PNGs that should be left to the browser are not decoded', () => {
    for (const [color, depth] of kinds) {
      if (color < 4)
        expect(
          decodePlainPng(made(color, depth, { transparency: [0, 1, 0, 1, 0, 1].slice(0, color === 0 ? 2 : 6) })),
        ).toBeUndefined();
      else expect(decodePlainPng(made(color, depth, {}, 254))).toBeUndefined();
      expect(decodePlainPng(made(color, depth, { methods: [0, 0, 1] }))).toBeUndefined();
      for (const type of ['acTL', 'eXIf', 'cICP', 'abCd', 'ABCD'])
        expect(decodePlainPng(made(color, depth, { chunks: [[type, [0, 0, 0, 1]]] })), type).toBeUndefined();
    }
    // An index beyond the palette.
    expect(decodePlainPng(made(3, 8, { palette: palette.slice(0, 30) }))).toBeUndefined();
    expect(decodePlainPng(made(3, 8, { palette: [] }))).toBeUndefined();
    expect(
      decodePlainPng(
        made(2, 8, {
          chunks: [
            ['IDAT', []],
            ['tIME', [7, 230, 1, 1, 1, 1, 1]],
          ],
        }),
      ),
    ).toBeUndefined();
    expect(decodePlainPng(widePng(3, 0, numbers(9, 65535)))).toBeUndefined();
  });

  test('a damaged PNG is never decoded to other pixels than in the browser', async () => {
    const whole = made(2, 8);
    let decoded = 0;
    for (let at = 0; at < whole.length; at++) {
      const files = [whole.slice(0, at), whole.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte))];
      for (const file of files) {
        const plain = decodePlainPng(file);
        if (plain === undefined) continue;
        decoded++;
        expect([...plain.rgb], `byte ${at}`).toEqual(await inBrowser(file));
      }
    }
    // Damage in the checksum of a chunk that does not matter, or in the signature, which readers check first.
    expect(decoded).toBeLessThan(20);
  });
});
