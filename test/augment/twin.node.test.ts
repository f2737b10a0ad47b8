import { describe, expect, test } from 'vitest';
import {
  affineMatrix,
  composeAffine,
  flipImage,
  identityParameters,
  sampleImage,
  warpImage,
} from '../../src/reference/augment.ts';
import { unit } from '../../src/reference/draws.ts';
import { philox } from '../../src/reference/random.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { fixtureRounding, kerasWarps } from './keras_warps.ts';

test('Philox gives the known answers of Random123', () => {
  const hex = (words: number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');
  const ones = 0xffffffff;
  expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
  const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0];
  expect(hex(philox(pi.slice(0, 4), pi.slice(4)))).toBe('d16cfe09 94fdcceb 5001e420 24126ea1');
});

test('a random number is in [0, 1) and depends on each of seed, epoch, sample, copy and purpose', () => {
  const key = { seed: 0, epoch: 0, sample: 0, copy: 0 };
  const others = [{}, { seed: 1 }, { epoch: 1 }, { sample: 1 }, { copy: 1 }];
  const draws = [...others.map((other) => unit({ ...key, ...other }, 0)), unit(key, 1)];
  expect(new Set(draws).size).toBe(6);
  for (const draw of draws) expect(draw >= 0 && draw < 1 && Number.isInteger(draw * 2 ** 24)).toBe(true);
});

describe("Keras' own code", () => {
  expect(kerasWarps).toHaveLength(148);
  test.each(kerasWarps.map((warp) => [warp.title, warp] as const))(
    '%s',
    (_, { image, picture, parameters, sampling, expected }) => {
      const y = warpImage(image, picture, parameters, sampling);
      expectWithin('y', y, expected, y.map(fixtureRounding));
    },
  );
});

describe('the closed form of the matrix', () => {
  const turned = {
    theta: 33,
    tx: 1.5,
    ty: -2.25,
    shear: -12,
    zx: 0.8,
    zy: 1.3,
    flipHorizontal: false,
    flipVertical: false,
  };
  test.each(['corrected', 'keras'] as const)('%s: equals the product R T S Z', (compat) => {
    const [row, column] = affineMatrix(turned, { height: 20, width: 33, channels: 1 }, compat);
    const expected = [column[1]!, column[0]!, column[2]!, row[1]!, row[0]!, row[2]!];
    expectWithin('matrix', composeAffine(turned, 20, 33, compat), expected, 1e-13);
  });

  test.each(['corrected', 'keras'] as const)('%s: flips come after the warp', (compat) => {
    const s = { height: 5, width: 7, channels: 2 };
    const image = Float64Array.from({ length: 70 }, (_, i) => (i * 37) % 71);
    const sampling = { fillMode: 'reflect', cval: 0, interpolationOrder: 1, compat, rescale: 1 } as const;
    const p = { ...turned, flipHorizontal: true, flipVertical: true };
    const [a, b, c, d, e, f] = composeAffine(p, s.height, s.width, compat);
    const folded = sampleImage(
      image,
      s,
      [
        [e, d, f],
        [b, a, c],
        [0, 0, 1],
      ],
      sampling,
    );
    expectWithin('y', folded, warpImage(image, s, p, sampling), 1e-11);
  });
});

describe('corrected geometry', () => {
  const s = { height: 4, width: 8, channels: 1 };
  const sampling = { fillMode: 'constant', cval: 0, interpolationOrder: 1, compat: 'corrected', rescale: 1 } as const;
  const blob = new Float64Array(32);
  for (const at of [11, 12, 19, 20]) blob[at] = at;

  test('a rotation by 180 degrees about the center equals both flips, even if height and width differ', () => {
    const y = warpImage(blob, s, { ...identityParameters, theta: 180 }, sampling);
    expectWithin('y', y, flipImage(blob, s, true, true), 1e-12);
  });

  test('tx moves the sampling point down, ty to the right', () => {
    const numbered = Float64Array.from({ length: 32 }, (_, i) => i);
    const down = warpImage(numbered, s, { ...identityParameters, tx: 1 }, { ...sampling, fillMode: 'nearest' });
    expectSame('down', down.slice(0, 24), numbered.slice(8));
    const right = warpImage(numbered, s, { ...identityParameters, ty: 1 }, { ...sampling, fillMode: 'nearest' });
    expectSame('right', right.slice(0, 8), [1, 2, 3, 4, 5, 6, 7, 7]);
  });

  test('a positive theta rotates the picture counterclockwise: the right column becomes the top row', () => {
    const square = { height: 3, width: 3, channels: 1 };
    const y = warpImage(
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      square,
      { ...identityParameters, theta: 90 },
      { ...sampling, fillMode: 'nearest' },
    );
    expectWithin('y', y, [3, 6, 9, 2, 5, 8, 1, 4, 7], 1e-12);
  });
});
