import { Matrix, QrDecomposition } from 'ml-matrix';
import { errorFunction, mean, variance } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { compileModel } from '../../src/model/graph.ts';
import { initialWeights } from '../../src/model/initial_weights.ts';
import { shuffledOrder, uniforms } from '../../src/model/initializers.ts';
import { tutorialModel } from '../../src/model/tutorial.ts';
import type { InitializerConfig } from '../../src/model/weight_options.ts';

const model = compileModel(tutorialModel());
const specs = model.layers.flatMap(({ weights }) => weights);

/** The mean of n independent samples lies within 5 standard deviations, except in one of two million runs. */
const sigmas = 5;

/** Whether all numbers are the same. With hundreds of thousands of them, `toEqual` would take most of the time of these tests. */
const areIdentical = (some: ArrayLike<number>, others: ArrayLike<number>): boolean =>
  some.length === others.length && Array.from(some).every((value, i) => Object.is(value, others[i]));

describe.each([0, 1, 4294967295])('initial weights from seed %i', (seed) => {
  const weights = initialWeights(model, seed);

  test('kernels are uniform between Glorot’s limits, biases zero', () => {
    // sqrt(6 / (fanIn + fanOut)); a convolution's fans are kernel height x kernel width x channels.
    const limits = [
      Math.sqrt(6 / (9 * 1 + 9 * 32)),
      Math.sqrt(6 / (9 * 32 + 9 * 64)),
      Math.sqrt(6 / (1600 + 128)),
      Math.sqrt(6 / (128 + 10)),
    ];
    expect(weights.map(({ length }) => length)).toEqual([288, 32, 18432, 64, 204800, 128, 1280, 10]);
    for (const [i, tensor] of weights.entries()) {
      if (specs[i]!.name === 'bias') {
        expect(tensor.every((value) => value === 0)).toBe(true);
        continue;
      }
      const limit = limits[i / 2]!;
      const [values, n] = [[...tensor], tensor.length];
      expect(Math.max(...values.slice(0, 1e5).map(Math.abs))).toBeLessThanOrEqual(limit);
      expect(Math.max(...values.slice(0, 1e5))).toBeGreaterThan(limit * (1 - 40 / n));
      expect(Math.min(...values.slice(0, 1e5))).toBeLessThan(-limit * (1 - 40 / n));
      // Moments of the uniform distribution: variance limit^2 / 3, that of the squares 4 limit^4 / 45.
      expect(Math.abs(mean(values))).toBeLessThan((sigmas * limit) / Math.sqrt(3 * n));
      expect(Math.abs(variance(values) - limit ** 2 / 3)).toBeLessThan(
        sigmas * limit ** 2 * Math.sqrt(4 / 45 / n) + limit ** 2 / n,
      );
      // Products of neighbors have a mean of zero if neighbors are independent.
      const products = values.slice(1).map((value, j) => value * values[j]!);
      expect(Math.abs(mean(products))).toBeLessThan((sigmas * (limit ** 2 / 3)) / Math.sqrt(n - 1));
    }
  });

  test('are a function of the seed, and of the tensor', () => {
    const again = initialWeights(model, seed);
    expect(again).toHaveLength(weights.length);
    expect(again.map((tensor, i) => areIdentical(tensor, weights[i]!))).toEqual(weights.map(() => true));
    const drawn = (of: Float32Array[]) =>
      of.flatMap((tensor, i) => {
        const { name, fanIn, fanOut } = specs[i]!;
        // In thousandths of the limit: repeated numbers would be detected.
        const parts = tensor
          .subarray(0, 100)
          .map((value) => Math.round(value * Math.sqrt((fanIn + fanOut) / 6) * 1000));
        return name === 'kernel' ? [parts] : [];
      });
    const others = [seed ^ 1, seed ^ (2 ** 31)].map((key) => initialWeights(model, key >>> 0));
    const all = [weights, ...others].flatMap(drawn);
    expect(all).toHaveLength(12);
    for (const [i, one] of all.entries()) {
      for (const other of all.slice(i + 1)) {
        // A hundred pairs, each of which is equal by chance with a probability of one in two thousand.
        expect(one.filter((value, place) => value === other[place]).length).toBeLessThan(5);
      }
    }
  });
});

describe.each<[InitializerConfig, number, number, 'uniform' | 'normal']>([
  // The variance is gain / fan; for a kernel of 3 x 3 x 20 x 500 the fans are 180 and 4500, 2340 on average.
  ['glorotUniform', 1, 2340, 'uniform'],
  ['glorotNormal', 1, 2340, 'normal'],
  ['heUniform', 2, 180, 'uniform'],
  ['heNormal', 2, 180, 'normal'],
  ['lecunUniform', 1, 180, 'uniform'],
  ['lecunNormal', 1, 180, 'normal'],
  [{ type: 'heNormal', scale: 2 }, 8, 180, 'normal'],
  [{ type: 'glorotUniform', scale: -3 }, 9, 2340, 'uniform'],
])('%j', (kernelInitializer, gain, fan, kind) => {
  const filters = 500;
  const expected = gain / fan;
  const layer = {
    type: 'conv2d' as const,
    filters,
    kernelSize: 3,
    kernelInitializer,
    biasInitializer: kernelInitializer,
  };
  const draws = (seed: number) =>
    initialWeights(compileModel({ inputShape: [3, 3, 20], layers: [layer] }), seed).map((tensor) => [...tensor]);
  const [kernel, bias] = draws(7);
  const n = kernel!.length;
  // The variance of a truncated normal distribution, and the kurtosis of both.
  const limit = kind === 'uniform' ? Math.sqrt(3 * expected) : (2 * Math.sqrt(expected)) / 0.87962566103423978;
  const kurtosis = kind === 'uniform' ? 9 / 5 : 2.3655;

  test('mean, variance and bounds', () => {
    expect(n).toBe(90_000);
    expect(Math.abs(mean(kernel!))).toBeLessThan(sigmas * Math.sqrt(expected / n));
    expect(Math.abs(variance(kernel!) - expected)).toBeLessThan(sigmas * expected * Math.sqrt((kurtosis - 1) / n));
    const largest = Math.max(...kernel!.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(limit * (1 + 2 ** -23));
    expect(largest).toBeGreaterThan(limit * 0.999);
  });

  test('the distribution', () => {
    const below = (x: number) => (1 + errorFunction(x / Math.SQRT2)) / 2;
    const share = (part: number) =>
      kind === 'uniform' ? (part + 1) / 2 : (below(2 * part) - below(-2)) / (below(2) - below(-2));
    const bins = 50;
    const counts = new Array(bins).fill(0);
    for (const value of kernel!) counts[Math.min(bins - 1, Math.floor(((value / limit + 1) / 2) * bins))]++;
    const chiSquared = counts.reduce((sum, count, i) => {
      const expected = n * (share((2 * (i + 1)) / bins - 1) - share((2 * i) / bins - 1));
      return sum + (count - expected) ** 2 / expected;
    }, 0);
    expect(Math.abs(chiSquared - (bins - 1))).toBeLessThan(sigmas * Math.sqrt(2 * (bins - 1)));
  });

  test('neighbours know nothing of each other, other seeds and tensors sample again', () => {
    const products = kernel!.slice(1).map((value, i) => value * kernel![i]!);
    expect(Math.abs(mean(products))).toBeLessThan((sigmas * expected) / Math.sqrt(n - 1));
    const again = draws(7);
    expect(again).toHaveLength(2);
    expect(areIdentical(again[0]!, kernel!)).toBe(true);
    expect(areIdentical(again[1]!, bias!)).toBe(true);
    const [other] = draws(8);
    expect(other!.filter((value, i) => value === kernel![i]).length).toBeLessThan(n / 1000);
    // A bias' fans are its length, as in Keras.
    const ofBias = gain / filters;
    expect(Math.abs(variance(bias!) - ofBias)).toBeLessThan(sigmas * ofBias * Math.sqrt((kurtosis - 1) / filters));
  });
});

/** The kernel of a dense layer [inputs, units]. */
function kernelOf(kernelInitializer: InitializerConfig, inputs: number, units: number, seed = 7): number[] {
  const layers = [{ type: 'flatten' as const }, { type: 'dense' as const, units, kernelInitializer }];
  return [...initialWeights(compileModel({ inputShape: [1, 1, inputs], layers }), seed)[0]!];
}

describe("Keras' initializers of a given distribution", () => {
  const n = 300 * 300;
  // A normal distribution truncated at two standard deviations has a smaller variance; it is not rescaled.
  const truncated = 0.87962566103423978 ** 2;
  test.each<[InitializerConfig, number, number, number, [number, number]]>([
    ['randomUniform', 0, 0.1 ** 2 / 12, 9 / 5, [-0.05, 0.05]],
    [{ type: 'randomUniform', minval: 1, maxval: 3 }, 2, 4 / 12, 9 / 5, [1, 3]],
    ['randomNormal', 0, 0.05 ** 2, 3, [-Infinity, Infinity]],
    [{ type: 'randomNormal', mean: -1, stddev: 2 }, -1, 4, 3, [-Infinity, Infinity]],
    ['truncatedNormal', 0, 0.05 ** 2 * truncated, 2.3655, [-0.1, 0.1]],
    [{ type: 'truncatedNormal', mean: 5, stddev: 2, scale: 2 }, 10, 16 * truncated, 2.3655, [2, 18]],
  ])('%j', (initializer, center, spread, kurtosis, [least, most]) => {
    const kernel = kernelOf(initializer, 300, 300);
    expect(Math.abs(mean(kernel) - center)).toBeLessThan(sigmas * Math.sqrt(spread / n));
    expect(Math.abs(variance(kernel) - spread)).toBeLessThan(sigmas * spread * Math.sqrt((kurtosis - 1) / n));
    const [low, high] = [kernel.reduce((a, b) => Math.min(a, b)), kernel.reduce((a, b) => Math.max(a, b))];
    const rounding = 2 ** -22 * Math.max(Math.abs(low), Math.abs(high));
    expect(low).toBeGreaterThanOrEqual(least - rounding);
    expect(high).toBeLessThanOrEqual(most + rounding);
    if (!Number.isFinite(most)) {
      // As many as a normal distribution has beyond two standard deviations.
      const beyond = kernel.filter((value) => Math.abs(value - center) > 2 * Math.sqrt(spread)).length;
      expect(Math.abs(beyond - 0.0455 * n)).toBeLessThan(sigmas * Math.sqrt(0.0455 * n));
    } else expect(high).toBeGreaterThan(most - (most - least) / 500);
    expect(areIdentical(kernelOf(initializer, 300, 300), kernel)).toBe(true);
    expect(areIdentical(kernelOf(initializer, 300, 300, 8), kernel)).toBe(false);
  });
});

describe('orthogonal', () => {
  test.each([
    [40, 12, 1],
    [12, 40, 1],
    [30, 30, 1.5],
    [5, 1, 1],
  ])('a kernel [%i, %i] times %f', (inputs, units, gain) => {
    const q = Matrix.from1DArray(inputs, units, kernelOf({ type: 'orthogonal', gain }, inputs, units));
    const products = inputs < units ? q.mmul(q.transpose()) : q.transpose().mmul(q);
    for (let i = 0; i < products.rows; i++) {
      for (let j = 0; j < products.columns; j++) expect(products.get(i, j)).toBeCloseTo(i === j ? gain ** 2 : 0, 5);
    }
  });

  test("is Q of a normal matrix, R's diagonal positive", () => {
    const [rows, columns] = [9, 4];
    const next = uniforms(7, 0x77000000);
    const draw = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const decomposition = new QrDecomposition(Matrix.from1DArray(rows, columns, Array.from({ length: 36 }, draw)));
    const [q, r] = [decomposition.orthogonalMatrix, decomposition.upperTriangularMatrix];
    const kernel = kernelOf('orthogonal', rows, columns);
    for (const [at, value] of kernel.entries()) {
      const [i, j] = [Math.floor(at / columns), at % columns];
      expect(value).toBeCloseTo(q.get(i, j) * Math.sign(r.get(j, j)), 6);
    }
  });

  test('of a convolution: all axes but the last together are the rows', () => {
    const layer = { type: 'conv2d' as const, filters: 8, kernelSize: 3, kernelInitializer: 'orthogonal' as const };
    const [kernel] = initialWeights(compileModel({ inputShape: [3, 3, 2], layers: [layer] }), 1);
    const q = Matrix.from1DArray(18, 8, [...kernel!]);
    const products = q.transpose().mmul(q);
    for (let i = 0; i < 8; i++) for (let j = 0; j < 8; j++) expect(products.get(i, j)).toBeCloseTo(Number(i === j), 5);
  });
});

test('zeros, constants and what a scale makes of them', () => {
  const layer = (kernelInitializer: InitializerConfig, biasInitializer: InitializerConfig) => {
    const dense = { type: 'dense' as const, units: 2, kernelInitializer, biasInitializer };
    return initialWeights(compileModel({ inputShape: [1, 1, 1], layers: [{ type: 'flatten' }, dense] }), 0).map((w) => [
      ...w,
    ]);
  };
  expect(layer('zeros', { type: 'constant', value: -10 })).toEqual([
    [0, 0],
    [-10, -10],
  ]);
  expect(layer({ type: 'constant', value: 3, scale: 0.5 }, { type: 'zeros', scale: 4 })).toEqual([
    [1.5, 1.5],
    [0, 0],
  ]);
});

test('uniforms are from 0 to below 1, spread evenly', () => {
  const next = uniforms(3, 4);
  const counts = new Array(64).fill(0);
  const n = 64_000;
  const values = Array.from({ length: n }, next);
  expect(values.filter((value) => !(value >= 0 && value < 1))).toEqual([]);
  for (const value of values) counts[Math.floor(value * 64)]++;
  const expected = n / 64;
  const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 63 degrees of freedom: mean 63, standard deviation sqrt(126).
  expect(Math.abs(chiSquared - 63)).toBeLessThan(sigmas * Math.sqrt(126));
});

describe('the order of samples', () => {
  test('is a permutation, another one for each epoch and seed', () => {
    const orders = [
      [5, 1],
      [5, 2],
      [6, 1],
    ].map(([seed, epoch]) => shuffledOrder(1000, seed!, epoch!));
    for (const order of orders) expect([...order].sort((a, b) => a - b)).toEqual([...new Array(1000).keys()]);
    expect(shuffledOrder(1000, 5, 1)).toEqual(orders[0]);
    for (const [i, order] of orders.entries()) {
      for (const other of orders.slice(i + 1)) {
        // A random permutation has one fixed point on average, Poisson distributed.
        expect(order.filter((sample, place) => sample === other[place]).length).toBeLessThan(10);
      }
    }
  });

  test('every permutation of four is as likely', () => {
    const counts = new Map<string, number>();
    const n = 24_000;
    for (let epoch = 1; epoch <= n; epoch++) {
      const order = shuffledOrder(4, 9, epoch).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(Math.abs(chiSquared - 23)).toBeLessThan(sigmas * Math.sqrt(46));
  });

  test('of one sample, of none', () => {
    expect([...shuffledOrder(1, 0, 1)]).toEqual([0]);
    expect([...shuffledOrder(0, 0, 1)]).toEqual([]);
  });
});
