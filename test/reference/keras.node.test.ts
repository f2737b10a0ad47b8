import { describe, expect, test } from 'vitest';
import type { KerasDraw } from '../../src/augment/keras_draws.ts';
import type { Sampling } from '../../src/augment/op.ts';
import { identityParameters, type Picture, sampleImage } from '../../src/reference/augment.ts';
import {
  affineMatrixOf11,
  brighten,
  composeAffineOf11,
  shiftChannels,
  transformImage,
} from '../../src/reference/keras.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { drawOf, kerasPreprocessing, kerasReleases } from '../augment/keras_fixtures.ts';

interface Shown {
  shape: number[];
  values: number[];
}

const pictureOf = ({ shape }: Shown): Picture => {
  const [height, width, channels] = shape as [number, number, number];
  return { height, width, channels };
};
const float32 = (values: readonly number[]) => Float32Array.from(values);
/** SciPy computes in float64 and returns float32. */
const rounding = (value: number) => unitRoundoff * Math.abs(value) + 1e-12;

describe('keras-preprocessing 1.1: the warp', () => {
  const { images, cases } = kerasPreprocessing.warps;
  test.each(
    cases.map(
      (of) => [of.fillMode, of.interpolationOrder, images[of.image]!.shape.join('x'), of.parameters, of] as const,
    ),
  )('%s, order %d, %s, %j', (fillMode, interpolationOrder, _, parameters, of) => {
    const image = images[of.image]!;
    const s = pictureOf(image);
    const sampling = { fillMode, interpolationOrder, cval: of.cval } as Sampling;
    const draw = parameters as Partial<KerasDraw>;
    const y = transformImage(float32(image.values), s, draw, sampling, 'keras-preprocessing-1.1');
    expectWithin('y', y, float32(of.y), y.map(rounding));
  });

  test('the closed form is the product of the matrices, flips after the warp', () => {
    const s = { height: 5, width: 8, channels: 1 };
    const p = { ...identityParameters, theta: 33, tx: 1.5, ty: -2.25, shear: -12, zx: 0.8, zy: 1.3 };
    const [row, column] = affineMatrixOf11(p, s);
    const expected = [column[1]!, column[0]!, column[2]!, row[1]!, row[0]!, row[2]!];
    expectWithin('matrix', composeAffineOf11(p, s), expected, 1e-13);

    const image = Float64Array.from({ length: 40 }, (_, i) => (i * 37) % 41);
    const sampling = { fillMode: 'reflect', cval: 0, interpolationOrder: 1 } as const;
    const [a, b, c, d, e, f] = composeAffineOf11({ ...p, flipHorizontal: true, flipVertical: true }, s);
    const flipped = [
      [e, d, f],
      [b, a, c],
      [0, 0, 1],
    ] as const;
    const warped = sampleImage(image, s, affineMatrixOf11(p, s), sampling);
    expectWithin('y', sampleImage(image, s, flipped, sampling), warped.reverse(), 1e-11);
  });
});

describe.each(kerasReleases)('%s', (compat, fixture) => {
  test.each(fixture.transforms.map((of) => [of.image.shape.join('x'), of] as const))(
    'all of random_transform on %s gives the same bytes',
    (_, { options, image, parameters, y }) => {
      const { fillMode = 'nearest', cval = 0, interpolationOrder = 1 } = options as Partial<Sampling>;
      const sampling = { fillMode, cval, interpolationOrder };
      const actual = transformImage(float32(image.values), pictureOf(image), drawOf(parameters), sampling, compat);
      expectSame('y', actual, float32(y));
    },
  );

  test.each(fixture.channelShifts.map((of) => [of.image.shape.join('x'), of.intensity, of] as const))(
    'the channel shift of %s by %d',
    (_, intensity, { image, y }) => {
      const actual = shiftChannels(float32(image.values), intensity);
      const bound = actual.map((value) => unitRoundoff * (Math.abs(value) + Math.abs(intensity)));
      expectWithin('y', actual, float32(y), bound);
    },
  );

  const titled = fixture.brightnesses.map((of) => {
    const { image, brightness } = of;
    const range = `${Math.min(...image.values)} .. ${Math.max(...image.values)}`;
    return [image.shape.join('x'), range, brightness, of] as const;
  });
  test.each(titled)('the brightness of %s in %s by %d, all numbers the same', (_, __, b, { image, y }) => {
    expectSame('y', brighten(float32(image.values), pictureOf(image), b, compat), float32(y));
  });
});

test('corrected brightness multiplies, and stops at 0 and 255', () => {
  const s = { height: 1, width: 4, channels: 1 };
  expectSame('y', brighten([0.5, -3, 100.25, 200], s, 1.5, 'corrected'), [0.75, 0, 150.375, 255]);
});

test('what lies in 0 .. 1 becomes black in keras, bright in keras-preprocessing 1.1, and stays in corrected', () => {
  const s = { height: 1, width: 3, channels: 1 };
  const image = float32([0, 0.5, 0.75]);
  expectSame('keras', brighten(image, s, 1, 'keras'), [0, 0, 0]);
  expectSame('1.1', brighten(image, s, 1, 'keras-preprocessing-1.1'), [0, 170, 255]);
  expectSame('corrected', brighten(image, s, 1, 'corrected'), image);
});

test('the fixtures hold both releases of all four fill modes and both orders', () => {
  const kinds = new Set(kerasPreprocessing.warps.cases.map((of) => `${of.fillMode} ${of.interpolationOrder}`));
  expect(kinds.size).toBe(8);
});
