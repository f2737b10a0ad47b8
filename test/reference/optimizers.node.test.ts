import { Matrix, SVD } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { compileModel } from '../../src/model/graph.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { fillOptimizer, type OptimizerConfig, slotsOf } from '../../src/model/optimizer.ts';
import type { FilledOptimizerOf } from '../../src/model/optimizers/index.ts';
import { adam, adamMagnitude } from '../../src/reference/adam.ts';
import { clipFactors, clipGradients } from '../../src/reference/clip.ts';
import { muon, orthogonalize } from '../../src/reference/muon.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { gradientNorm } from '../../src/reference/norm.ts';
import { sgd, sgdMagnitude } from '../../src/reference/sgd.ts';
import type { After } from '../../src/reference/tensor_update.ts';
import { trainSteps, updateTensor } from '../../src/reference/train.ts';
import { distance, torchOptimizers } from '../fixtures/torch_optimizers.ts';

const keras = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const plain = { learningRate: 0.1, momentum: 0, nesterov: false };
const none = Float64Array.of(0, 0);

test("Adam's first step is as long as the learning rate, except for epsilon", () => {
  const dw = [3, -1e-6];
  const { w } = adam(keras, { dw, w: [1, 1], m: none, v: none, t: 1 });
  for (const [i, g] of dw.entries()) {
    // With m = 0.1 g and v = 0.001 g^2, sqrt(0.001) is added to epsilon: "epsilon hat".
    const root = Math.sqrt(0.001);
    expect(w[i]).toBeCloseTo(1 - (0.001 * root * g) / (root * Math.abs(g) + 1e-7), 14);
  }
});

test('Adam does not modify its inputs, and a gradient of zero only lets the moments decay', () => {
  const given = { dw: none, w: none, m: none, v: none, t: 1 };
  expect(adam(keras, given)).toEqual({ w: none, m: none, v: none, vHat: Float64Array.of() });
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

test('weight decay subtracts a fraction given by the learning rate, independent of the gradient', () => {
  // 1 - 0.1 * 0.5 * 1, then the step of a gradient of 2; with a zero gradient only the decay remains.
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

test('the norm of a layer is that of all its tensors together', () => {
  expect(gradientNorm([3, 0], [-4])).toEqual({ squares: 25, norm: 5, nonFinite: 0, largest: 4 });
  expect(gradientNorm([1, Number.NaN, -Infinity]).nonFinite).toBe(2);
});

describe.each(Object.entries(torchOptimizers))('twenty steps compared with PyTorch: %s', (_, torch) => {
  const model = compileModel(torch.model);
  test.each(torch.trained)('$optimizer', ({ optimizer, weights }) => {
    const gradients = (w: Float64Array[]) => networkGradients(model, w, torch.images, torch.labels).gradients;
    // The fixture has eleven digits per weight.
    expect(distance(trainSteps(optimizer, torch.weights, torch.steps, gradients), weights)).toBeLessThan(1e-10);
  });
});

/** The weight and its slots after a series of updates of a single weight. */
function updatesOf(config: OptimizerConfig, gradients: number[], start = 1) {
  const filled = fillOptimizer(config);
  const optimizer = { ...filled, learningRate: filled.learningRate as number };
  let after: After = {
    w: Float64Array.of(start),
    slots: Object.fromEntries(slotsOf(filled).map((name) => [name, Float64Array.of(0)])),
  };
  for (const [i, g] of gradients.entries()) after = updateTensor(optimizer, { dw: [g], ...after, t: i + 1 });
  return { w: after.w[0]!, ...Object.fromEntries(Object.entries(after.slots).map(([name, [x]]) => [name, x!])) };
}

test("Keras' epsilon, by hand", () => {
  const step = 0.001;
  expect(updatesOf('adamax', [2e-7]).w).toBeCloseTo(1 - (step / 0.1) * ((0.1 * 2e-7) / 3e-7), 15);
  expect(updatesOf('rmsprop', [1e-3]).w).toBeCloseTo(1 - (step * 1e-3) / Math.sqrt(1e-7 + 1e-7), 15);
  expect(updatesOf({ type: 'rmsprop', centered: true }, [1e-3]).w).toBeCloseTo(
    1 - (step * 1e-3) / Math.sqrt(0.1e-6 - 0.01e-6 + 1e-7),
    15,
  );
  expect(updatesOf({ type: 'adagrad', initialAccumulatorValue: 0 }, [3e-4]).w).toBeCloseTo(
    1 - (step * 3e-4) / Math.sqrt(9e-8 + 1e-7),
    15,
  );
  // The first momenta are 0.9 * (1 - 0.48) and 0.9 * (1 - 0.5 * 0.96^2).
  const [u, next] = [0.468, 0.9 * (1 - 0.4608)];
  const average = (next * 0.1 * 3) / (1 - u * next) + ((1 - u) * 3) / (1 - u);
  expect(updatesOf('nadam', [3]).w).toBeCloseTo(1 - (step * average) / (3 + 1e-7), 15);
});

test('Lion moves by the learning rate for any gradient, and not at all for a gradient of zero', () => {
  expect(updatesOf({ type: 'lion', learningRate: 0.25 }, [1e-6, 3]).w).toBe(0.5);
  expect(updatesOf('lion', [0]).w).toBe(1);
  const { w, m } = updatesOf({ type: 'lion', learningRate: 0.25, beta1: 0.9, beta2: 0.5 }, [1, -1]) as Record<
    string,
    number
  >;
  // The previous average is 0.5: 0.9 * 0.5 - 0.1 is still positive.
  expect([w, m]).toEqual([0.5, -0.25]);
});

test('AdamW is Adam with a decay that is on by default', () => {
  const config = { learningRate: 0.01, beta1: 0.8 };
  expect(updatesOf({ type: 'adamW', ...config }, [1, -2, 3])).toEqual(
    updatesOf({ type: 'adam', ...config, weightDecay: 0.004 }, [1, -2, 3]),
  );
});

test('amsgrad keeps the largest v', () => {
  const { v, vHat } = updatesOf({ type: 'adam', amsgrad: true }, [10, 0.1, 0.1]) as Record<string, number>;
  expect(vHat).toBeCloseTo(0.1, 12);
  expect(v).toBeLessThan(vHat!);
});

test.each<[OptimizerConfig | string, string]>([
  ['adamm', 'did you mean "adam"'],
  ['rmsProp', 'did you mean "rmsprop"'],
  [{ type: 'rmsprop', rho: 1.5 }, 'a number from 0 to 1'],
  [{ type: 'lion', beta1: -0.1 }, 'a number from 0 to 1'],
  [{ type: 'adagrad', initialAccumulatorValue: -1 }, 'a number >= 0'],
  [{ type: 'nadam', epsilon: 0 }, 'a number > 0'],
  [{ type: 'adamW', weightDecay: -1 }, 'a number >= 0'],
  [{ type: 'muon', nsSteps: 0 }, 'an integer from 1 to 20'],
  [{ type: 'muon', others: 'adamw' } as never, 'invalid'],
  [{ type: 'adamax', amsgrad: true } as never, 'no option amsgrad'],
])('%j is rejected', (config, said) => {
  expect(() => fillOptimizer(config as OptimizerConfig)).toThrow(said);
});

describe('Muon makes a matrix orthogonal', () => {
  const noise = (rows: number, columns: number) => {
    const next = uniforms(5, rows * columns);
    return Float64Array.from({ length: rows * columns }, () => 2 * next() - 1);
  };
  const matrixOf = (values: Float64Array, rows: number) =>
    new Matrix(
      Array.from({ length: rows }, (_, i) => [
        ...values.subarray((i * values.length) / rows, ((i + 1) * values.length) / rows),
      ]),
    );
  /** The iteration applied to a singular value. */
  const moved = (s: number) => {
    let x = s;
    for (let i = 0; i < 5; i++) x = 3.4445 * x - 4.775 * x ** 3 + 2.0315 * x ** 5;
    return x;
  };

  test.each([
    [30, 8],
    [8, 30],
    [12, 12],
    [5, 1],
  ])('%i x %i: the singular values are near 1, and the vectors are unchanged', (rows, columns) => {
    const x = noise(rows, columns);
    const o = matrixOf(orthogonalize(x, rows, 5), rows);
    // ml-matrix requires at least as many rows as columns; the norm is that of all singular values.
    const {
      diagonal,
      leftSingularVectors: u,
      rightSingularVectors: v,
    } = new SVD(matrixOf(x, rows), { autoTranspose: true });
    const norm = Math.hypot(...diagonal) + 1e-7;
    const expected = u.mmul(Matrix.diag(diagonal.map((s) => moved(s / norm)))).mmul(v.transpose());
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) expect(o.get(i, j)).toBeCloseTo(expected.get(i, j), 10);
    for (const s of new SVD(o, { autoTranspose: true }).diagonal) {
      expect(s).toBeGreaterThan(0.65);
      expect(s).toBeLessThan(1.2);
    }
  });

  test('weights without a gradient do not move, and the others take their own step', () => {
    expect([...orthogonalize(new Float64Array(6), 2, 5)]).toEqual([0, 0, 0, 0, 0, 0]);
    const options = { ...fillOptimizer('muon'), learningRate: 0.02, weightDecay: 0 } as FilledOptimizerOf<'muon'> & {
      learningRate: number;
    };
    const slots = { m: none, v: none };
    const others = muon(options, { dw: [3, -1], w: none, slots, t: 1 });
    const byAdam = adam({ ...keras, learningRate: 0.002 }, { dw: [3, -1], w: none, m: none, v: none, t: 1 });
    expect([...others.w]).toEqual([...byAdam.w]);
    // Twice as many columns as rows: the step is scaled by the square root of two.
    const wide = muon(options, { dw: [3, 4], w: none, slots, t: 1, matrix: [1, 2] });
    expect(Math.hypot(...wide.w)).toBeCloseTo(0.02 * Math.SQRT2 * moved(1), 6);
    expect([...wide.slots.m!]).toEqual([3, 4]);
  });
});
