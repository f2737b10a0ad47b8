import { identityParameters, type KerasParameters, type Picture, type Sampling } from '../../src/reference/augment.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import fixture from '../fixtures/keras-warps.json';

export interface KerasWarp {
  title: string;
  picture: Picture;
  image: Float32Array;
  /** Keras' names; identity values are omitted. */
  given: Partial<KerasParameters>;
  parameters: KerasParameters;
  sampling: Sampling;
  /** Keras' result. */
  expected: Float32Array;
}

const images = fixture.images as Record<string, number[]>;

/** 148 warps computed by Keras' apply_affine_transform, on SciPy 1.17.1. */
export const kerasWarps: KerasWarp[] = fixture.cases.map(({ h, w, c, params, mode, cval, order, out }) => {
  const given = params as Partial<KerasParameters>;
  const size = `${h}x${w}x${c}`;
  return {
    title: `${size} ${mode} order ${order} ${JSON.stringify(given)}`,
    picture: { height: h, width: w, channels: c },
    image: Float32Array.from(images[size]!),
    given,
    parameters: { ...identityParameters, ...given },
    sampling: {
      fillMode: mode as Sampling['fillMode'],
      cval,
      interpolationOrder: order as 0 | 1,
      compat: 'keras',
      rescale: 1,
    },
    expected: Float32Array.from(out),
  };
});

/** Keras' result is float32, and the file keeps seven decimals of it: NumPy's round() multiplies and divides in float32. */
export const fixtureRounding = (value: number): number => 3 * unitRoundoff * Math.abs(value) + 0.5e-7;
