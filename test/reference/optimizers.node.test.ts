import { expect, test } from 'vitest';
import { adam, adamMagnitude } from '../../src/reference/adam.ts';
import { clipFactors, clipGradients } from '../../src/reference/clip.ts';
import { gradientNorm } from '../../src/reference/norm.ts';
import { sgd, sgdMagnitude } from '../../src/reference/sgd.ts';

const keras = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const plain = { learningRate: 0.1, momentum: 0, nesterov: false };
const none = Float64Array.of(0, 0);

test("Adam's first step is a learning rate long, but for epsilon", () => {
  const dw = [3, -1e-6];
  const { w } = adam(keras, { dw, w: [1, 1], m: none, v: none, t: 1 });
  for (const [i, g] of dw.entries()) {
    // With m = 0.1 g and v = 0.001 g^2, sqrt(0.001) stays beside epsilon: "epsilon hat".
    const root = Math.sqrt(0.001);
    expect(w[i]).toBeCloseTo(1 - (0.001 * root * g) / (root * Math.abs(g) + 1e-7), 14);
  }
});

test('Adam changes nothing it is given, and a gradient of zero only lets the moments fade', () => {
  const given = { dw: none, w: none, m: none, v: none, t: 1 };
  expect(adam(keras, given)).toEqual({ w: none, m: none, v: none });
  const { m, v } = adam(keras, { ...given, m: [1, -1], v: [1, 4], t: 9 });
  expect([...m]).toEqual([0.9, -0.9]);
  expect([...v]).toEqual([0.999, 4 * 0.999]);
});

test('Adam: two steps by hand', () => {
  const first = adam({ ...keras, epsilon: 0 }, { dw: [2], w: [0], m: [0], v: [0], t: 1 });
  const { w, m, v } = adam({ ...keras, epsilon: 0 }, { dw: [-1], ...first, t: 2 });
  expect(m[0]).toBeCloseTo(0.9 * 0.2 - 0.1, 15);
  expect(v[0]).toBeCloseTo(0.999 * 0.004 + 0.001, 15);
  // The corrected moments are m / 0.19 and v / 0.001999.
  expect(w[0]).toBeCloseTo(-0.001 - (0.001 * (0.08 / 0.19)) / Math.sqrt(0.004996 / 0.001999), 15);
});

test.each([
  ['plain', plain, [1 - 0.2, 0], [1 - 0.2 - 0.1, 0]],
  ['momentum', { ...plain, momentum: 0.5 }, [1 - 0.2, -0.2], [0.8 - 0.1 - 0.1, -0.2]],
  ['nesterov', { ...plain, momentum: 0.5, nesterov: true }, [1 - 0.1 - 0.2, -0.2], [0.7 - 0.1 - 0.1, -0.2]],
])('SGD, %s: two steps by hand', (_, options, [w1, v1], [w2, v2]) => {
  const first = sgd(options, { dw: [2], w: [1], v: [0] });
  expect(first.w[0]).toBeCloseTo(w1!, 15);
  expect(first.v[0]).toBeCloseTo(v1!, 15);
  const second = sgd(options, { dw: [1], ...first });
  expect(second.w[0]).toBeCloseTo(w2!, 15);
  expect(second.v[0]).toBeCloseTo(v2!, 15);
});

test('weights decay by a share of the learning rate, apart from the gradient', () => {
  // 1 - 0.1 * 0.5 * 1, then the step of a gradient of 2; with a gradient of zero the decay alone is left.
  expect(sgd({ ...plain, weightDecay: 0.5 }, { dw: [2, 0], w: [1, -4], v: none }).w).toEqual(
    Float64Array.of(1 - 0.05 - 0.2, -4 + 0.2),
  );
  const decayed = adam({ ...keras, weightDecay: 10 }, { dw: none, w: [1, -4], m: none, v: none, t: 1 });
  expect(decayed.w[0]).toBeCloseTo(0.99, 15);
  expect(decayed.w[1]).toBeCloseTo(-3.96, 15);
  expect([...decayed.m, ...decayed.v]).toEqual([0, 0, 0, 0]);
  const nesterov = sgd(
    { learningRate: 0.1, momentum: 0.5, nesterov: true, weightDecay: 1 },
    { dw: [2], w: [1], v: [0] },
  );
  expect(nesterov.w[0]).toBeCloseTo(1 - 0.1 - 0.1 - 0.2, 15);
  expect(nesterov.v[0]).toBe(-0.2);
});

test('clipping: by the norm of each tensor, of all together, or by the value', () => {
  const gradients = [
    [3, -4],
    [0.3, 0.4],
    [0, 0],
  ];
  const clip = (options: object) => clipGradients(options, gradients).map((dw) => [...dw]);
  expect(clip({})).toEqual(gradients);
  expect(clip({ clipnorm: 1 })).toEqual([[3 / 5, -4 / 5].map((g) => expect.closeTo(g, 15)), [0.3, 0.4], [0, 0]]);
  const all = Math.sqrt(25.25);
  expect(clip({ globalClipnorm: 2 })).toEqual(gradients.map((dw) => dw.map((g) => expect.closeTo((2 * g) / all, 15))));
  expect(clip({ globalClipnorm: 10 })).toEqual(gradients);
  expect(clip({ clipvalue: 0.35 })).toEqual([
    [0.35, -0.35],
    [0.3, 0.35],
    [0, 0],
  ]);
  expect(clipFactors({ clipnorm: 2 }, [16, 1, 0])).toEqual([0.5, 1, 1]);
});

test('the magnitudes add up what the updates may cancel', () => {
  const at = { dw: [2, -2], w: [0.2, 0.2], v: [0.4, 0.4] };
  expect(sgdMagnitude(plain, at).w[0]).toBeCloseTo(0.4, 15);
  expect([...sgdMagnitude({ ...plain, momentum: 0.5 }, at).v]).toEqual([0.4, 0.4]);
  const size = adamMagnitude(keras, { ...at, m: [-0.2, 0.2], t: 3 });
  expect(size.m[0]).toBeCloseTo(0.2 + 0.22, 15);
  expect(size.m[1]).toBeCloseTo(0.2 + 0.22, 15);
});

test('the norm of a layer is that of its tensors together', () => {
  expect(gradientNorm([3, 0], [-4])).toEqual({ squares: 25, norm: 5, nonFinite: 0, largest: 4 });
  expect(gradientNorm([1, Number.NaN, -Infinity]).nonFinite).toBe(2);
});
