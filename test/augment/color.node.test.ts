import { describe, expect, test } from 'vitest';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { colorOps, equalizeTable, type Fields } from '../../src/reference/augment_color.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import fixture from '../fixtures/torchvision_color.json';

const images = fixture.images as Record<string, { height: number; width: number; channels: number; bytes: number[] }>;

/**
 * Bound in gray levels. torchvision's floats are in 0..1, some of them computed in float32. Bytes are truncated, which loses less
 * than one level; Pillow's blends also round the gray or the mean, which has the weight 1 - factor.
 */
function boundOf(by: string, fields: Fields): number {
  if (by === 'float') return 1e-5 * 255;
  if (by === 'byte') return 0;
  const factor = fields.contrast ?? fields.saturation ?? fields.sharpnessFactor ?? 1;
  return 1 + Math.abs(1 - Number(factor)) / 2;
}

// Integers on both sides: nothing is truncated, so results must be equal.
const exact = ['randomInvert', 'randomSolarize', 'randomPosterize', 'randomEqualize'];

describe('the twins of the color ops match torchvision and Pillow', () => {
  expect(fixture.cases).toHaveLength(79);
  test.each(fixture.cases.map((c) => [`${c.op} ${JSON.stringify(c.fields)} of ${c.image} by ${c.by}`, c] as const))(
    '%s',
    (_, { op, by, image, fields, expected }) => {
      const { bytes, ...picture } = images[image]!;
      const y = colorOps[op]!(bytes, picture, fields);
      expectWithin('y', y, expected, exact.includes(op) ? 0 : boundOf(by, fields));
    },
  );
});

test('the table of equalize is clipped at 255 if most pixels have the same level', () => {
  const table = equalizeTable(images.crowded!.bytes);
  expect(Math.max(...table)).toBe(255);
  expect(table[150]).toBe(255);
});

const rgb = [9, 7, 3];
const gray = [9, 7, 1];
const compile = (op: object, imageShape = rgb) => parseAugmentation([op], imageShape).ops[0]!;
const drawsOf = (op: object, imageShape?: number[]) =>
  Object.fromEntries(compile(op, imageShape).fields.map(({ name, draw }) => [name, draw]));
const constant = (value: number) => ({ from: 'constant', value });
const uniform = (low: number, high: number) => ({ from: 'uniform', low, high });

test.each<[object, object]>([
  [
    { type: 'colorJitter', brightness: 0.5, contrast: [0.2, 3], saturation: 2, hue: 0.1 },
    {
      brightness: uniform(0.5, 1.5),
      contrast: uniform(0.2, 3),
      saturation: uniform(0, 3),
      hue: uniform(-0.1, 0.1),
      order: { from: 'integer', low: 0, high: 23 },
    },
  ],
  [{ type: 'colorJitter', hue: [0.25, 0.25] }, { hue: constant(0.25) }],
  [
    { type: 'colorJitter', contrast: 1, saturation: [1, 1], hue: 0.5 },
    { contrast: uniform(0, 2), hue: uniform(-0.5, 0.5), order: { from: 'integer', low: 0, high: 1 } },
  ],
  [{ type: 'colorJitter' }, {}],
  [
    { type: 'randomGamma', gamma: [0.5, 2] },
    { gamma: uniform(0.5, 2), gain: constant(1) },
  ],
  [{ type: 'randomSolarize' }, { threshold: constant(128) }],
  [{ type: 'randomPosterize', bits: [3, 5] }, { bits: { from: 'integer', low: 3, high: 5 } }],
  [{ type: 'randomAdjustSharpness', sharpnessFactor: 2 }, { sharpnessFactor: constant(2) }],
])('%j samples these fields', (op, drawn) => {
  expect(drawsOf(op)).toEqual(drawn);
});

test("the probabilities are torchvision's", () => {
  const p = (op: object) => compile(op).p;
  expect(p({ type: 'colorJitter', brightness: 1 })).toBe(1);
  expect(p({ type: 'randomGrayscale' })).toBe(0.1);
  expect(p({ type: 'randomChannelPermutation' })).toBe(1);
  for (const type of ['randomInvert', 'randomSolarize', 'randomEqualize', 'randomAutocontrast'])
    expect(p({ type })).toBe(0.5);
  expect(p({ type: 'randomPosterize', bits: 4 })).toBe(0.5);
  expect(p({ type: 'randomAdjustSharpness', sharpnessFactor: 2, p: 0.25 })).toBe(0.25);
});

test.each<[string, object, number[], ...RegExp[]]>([
  ['an unknown type', { type: 'colourJitter' }, rgb, /op 1 has an unknown type/, /did you mean "colorJitter"/],
  ['an unknown option', { type: 'colorJitter', brightnes: 1 }, rgb, /no option brightnes/, /did you mean "brightness"/],
  ['a negative factor', { type: 'colorJitter', contrast: -0.5 }, rgb, /contrast is invalid/, /found: -0.5/, />= 0/],
  ['factors the wrong way round', { type: 'colorJitter', brightness: [1.5, 0.5] }, rgb, /\[1\.5,0\.5\]/, /low <= high/],
  ['a factor below nothing', { type: 'colorJitter', saturation: [-1, 1] }, rgb, /saturation/, /low >= 0/],
  ['a factor that is no number', { type: 'colorJitter', brightness: Number.NaN }, rgb, /brightness/, /found: NaN/],
  ['more than half a turn', { type: 'colorJitter', hue: 0.6 }, rgb, /hue/, /found: 0.6/, /0 to 0.5/],
  ['a turn too far', { type: 'colorJitter', hue: [-0.6, 0] }, rgb, /hue/, /low >= -0.5/],
  ['a probability above 1', { type: 'randomInvert', p: 1.5 }, rgb, /p is invalid/, /found: 1.5/, /from 0 to 1/],
  ['a probability below 0', { type: 'randomEqualize', p: -0.1 }, rgb, /randomEqualize/, /found: -0.1/],
  [
    'hue of gray',
    { type: 'colorJitter', hue: 0.1 },
    gray,
    /op 1 \(colorJitter\): it adjusts the hue/,
    /1 channel"/,
    /3 channels/,
  ],
  ['saturation of five', { type: 'colorJitter', saturation: 0.1 }, [9, 7, 5], /the saturation/, /5 channels/],
  ['grayscale of gray', { type: 'randomGrayscale' }, gray, /removes the color/, /3 channels/, /leave it out/],
  ['gamma left out', { type: 'randomGamma' }, rgb, /lacks gamma/],
  ['gamma of nothing', { type: 'randomGamma', gamma: 0 }, rgb, /gamma/, /found: 0/, /from 0.001/],
  ['gain the wrong way round', { type: 'randomGamma', gamma: 1, gain: [2, 1] }, rgb, /gain/, /\[2,1\]/, /low <= high/],
  ['bits left out', { type: 'randomPosterize' }, rgb, /lacks bits/],
  ['half a bit', { type: 'randomPosterize', bits: 3.5 }, rgb, /bits/, /found: 3.5/, /an integer from 0 to 8/],
  ['nine bits', { type: 'randomPosterize', bits: [3, 9] }, rgb, /bits/, /high <= 8/],
  ['bits the wrong way round', { type: 'randomPosterize', bits: [5, 3] }, rgb, /bits/, /low <= high/],
  ['bits from a half', { type: 'randomPosterize', bits: [1.5, 3] }, rgb, /bits/, /an integer/],
  ['a threshold beyond white', { type: 'randomSolarize', threshold: 300 }, rgb, /threshold/, /found: 300/, /0 to 256/],
  ['sharpness left out', { type: 'randomAdjustSharpness' }, rgb, /lacks sharpnessFactor/],
  ['sharpness below nothing', { type: 'randomAdjustSharpness', sharpnessFactor: -1 }, rgb, /sharpnessFactor/, />= 0/],
  ['sharpness of a strip', { type: 'randomAdjustSharpness', sharpnessFactor: 2 }, [2, 9, 3], /2 x 9/, /at least 3 x 3/],
  ['an order of one channel', { type: 'randomChannelPermutation' }, gray, /reorders/, /1 channel"/, /2 to 126/],
  ['an order of too many', { type: 'randomChannelPermutation' }, [9, 7, 200], /200 channels/, /2 to 126/],
  ['the only channel dropped', { type: 'randomChannelDrop' }, gray, /drops some/, /1 channel"/],
  [
    'every channel dropped',
    { type: 'randomChannelDrop', channels: [1, 3] },
    rgb,
    /drop every channel/,
    /at most 2 of its 3/,
  ],
  ['none dropped', { type: 'randomChannelDrop', channels: 0 }, rgb, /channels/, /found: 0/, /from 1/],
  ['an infinite fill', { type: 'randomChannelDrop', fill: Infinity }, rgb, /fill/, /finite/],
])('rejected: %s', (_, op, imageShape, ...words) => {
  const call = () => compile(op, imageShape);
  expect(call).toThrow(ConfigurationError);
  for (const word of words) expect(call).toThrow(word);
});
