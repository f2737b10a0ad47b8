import { describe, expect, test } from 'vitest';
import { createTrainer, type Model, presetModel, type StepRecord, type TrainerOptions } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { product } from '../../src/product.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { NonFiniteError } from '../../src/train/diagnosis.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, normalizedModel, smallDataset, smallModel } from './small.ts';

const half = { activationStorage: 'float16' } as const;
const make = (model: Model, options: Partial<TrainerOptions> = {}) =>
  createTrainer(gpu, { model, batchSize: 4, seed: 5, augmentation: { rescale: exactRescale }, ...options });

const bitsOf = (tensors: readonly Float32Array[]) =>
  tensors.map((tensor) => [...new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length)]);

const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dot = Array.from(a, (value, i) => value * b[i]!).reduce((sum, each) => sum + each, 0);
  return dot / (norm(a) * norm(b));
}
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => norm(Array.from(a, (value, i) => value - b[i]!));

function imagesFor(model: Model, count: number) {
  const next = uniforms(3, 1);
  const images = Float32Array.from({ length: count * product(model.inputShape) }, () => next());
  return { images, labels: Uint8Array.from({ length: count }, (_, i) => (7 * i) % 10) };
}

/**
 * Every stored number is off by at most 2^-11 of itself. A gradient is a sum of products of two such numbers, and each of them is one of
 * such sums, so the errors of a chain of n stored tensors add up to at most about n 2^-11 of the sums of absolute terms. How far these
 * exceed the sums depends on how much cancels, most in the gradient of a normalization over few elements. Measured: 0.07 % of a tensor's
 * norm in the tutorial's network and 1.6 % in resnet8, whose last normalizations see 32 elements here.
 */
const relativeError = 2 ** -5;

describe.each<[string, Model]>([
  ['tutorial', presetModel('tutorial', [12, 12, 1], 10)],
  ['resnet8', presetModel('resnet8', [8, 8, 3], 10)],
])('%s', (_, model) => {
  test('loss and gradients are those of the float64 twin, within the precision of halves', async () => {
    const trainer = make(model, { ...half, batchSize: 8 });
    const { images, labels } = imagesFor(model, 8);
    const weights = await trainer.getWeights();
    const twin = networkGradients(compileModel(model), weights, images, labels);
    const { loss, gradients } = await trainer.gradients(images, labels);
    expect(Math.abs(loss - twin.loss)).toBeLessThan(2 ** -9 * twin.loss);
    expect(gradients).toHaveLength(twin.gradients.length);
    const largest = Math.max(...twin.gradients.map(norm));
    let worst = 0;
    for (const [i, gradient] of gradients.entries()) {
      const expected = twin.gradients[i]!;
      // The bias before a normalization has no gradient but roundings.
      if (norm(expected) < 1e-9 * largest) {
        expect(norm(gradient)).toBeLessThan(relativeError * largest);
        continue;
      }
      expect(cosine(gradient, expected), `tensor ${i}`).toBeGreaterThan(0.999);
      worst = Math.max(worst, difference(gradient, expected) / norm(expected));
    }
    console.log(
      `gradients off by at most ${worst.toPrecision(2)} of their norm, the loss by ${(loss - twin.loss) / twin.loss}`,
    );
    expect(worst).toBeLessThan(relativeError);
    // They are not those of float32, whose error is a thousandth of this.
    expect(worst).toBeGreaterThan(2 ** -16);
    trainer.dispose();
  });
});

/** The record of a second step, in which the optimizer has changed the weights once. */
async function secondStep(model: Model, options: Partial<TrainerOptions>) {
  const trainer = make(model, options);
  const dataset = smallDataset(8);
  const before = await trainer.getWeights();
  const batchAt = (first: number): [Float32Array, ArrayLike<number>] => {
    const [images, labels] = batchOf(dataset, first, 4);
    return [images, options.loss ? [...labels].flatMap((label) => [0, 1, 2].map((k) => Number(k === label))) : labels];
  };
  await trainer.trainOnBatch(...batchAt(0));
  const record = await trainer.trainOnBatch(...batchAt(4));
  const after = await trainer.getWeights();
  const outputs = await trainer.activations(batchOf(dataset, 0, 7)[0]);
  const predictions = await trainer.predict(batchOf(dataset, 0, 7)[0]);
  const { loss } = await trainer.evaluate(dataset);
  trainer.dispose();
  return {
    record,
    change: after.map((tensor, i) => tensor.map((value, j) => value - before[i]![j]!)),
    outputs,
    predictions,
    loss,
  };
}

function expectClose(actual: unknown, expected: unknown, tolerance: number, path = ''): void {
  if (typeof expected === 'number') {
    const off = Math.abs((actual as number) - expected);
    expect(off, `${path}: ${actual} instead of ${expected}`).toBeLessThanOrEqual(tolerance * Math.abs(expected) + 1e-6);
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, value] of Object.entries(expected)) {
      expectClose((actual as Record<string, unknown>)[key], value, tolerance, `${path}.${key}`);
    }
  }
}

const figuresOf = ({ loss, gradientNorms, health }: Pick<StepRecord, 'loss' | 'gradientNorms' | 'health'>) => ({
  loss,
  gradientNorms,
  layers: Object.values(health!.layers).map(
    ({ deltaRms, updateNorm, gradientMax, activation: { mean, standardDeviation } }) => ({
      ...{ deltaRms, updateNorm, gradientMax, mean, standardDeviation },
    }),
  ),
});

describe('figures are those of gradients without the factor', () => {
  test.each<[string, Model, Partial<TrainerOptions>]>([
    ['sgd', smallModel, { optimizer: { type: 'sgd', learningRate: 0.1 } }],
    ['normalizations, noise and frozen layers', normalizedModel, { optimizer: { type: 'sgd', learningRate: 0.1 } }],
    ['a clipped norm', smallModel, { optimizer: { type: 'sgd', learningRate: 0.1, clipnorm: 0.05 } }],
    ['clipped values', smallModel, { optimizer: { type: 'sgd', learningRate: 0.1, clipvalue: 0.01 } }],
    [
      'a global norm and decay',
      smallModel,
      { optimizer: { type: 'sgd', learningRate: 0.1, globalClipnorm: 0.1, weightDecay: 0.1 } },
    ],
    [
      'a loss with soft labels',
      smallModel,
      { loss: 'categoricalFocalCrossentropy', optimizer: { type: 'sgd', learningRate: 0.1 } },
    ],
  ])('%s', async (_, model, options) => {
    const [single, other] = [await secondStep(model, options), await secondStep(model, { ...options, ...half })];
    expectClose(figuresOf(other.record), figuresOf(single.record), 0.02);
    for (const [i, change] of other.change.entries()) {
      const expected = single.change[i]!;
      if (norm(expected) > 1e-6) expect(difference(change, expected)).toBeLessThan(0.03 * norm(expected));
    }
    expect(other.outputs.map(({ layer, shape }) => [layer, shape])).toEqual(
      single.outputs.map(({ layer, shape }) => [layer, shape]),
    );
    for (const [i, { values, layer }] of other.outputs.entries()) {
      const expected = single.outputs[i]!.values;
      expect(values, layer).toHaveLength(expected.length);
      expect(difference(values, expected), layer).toBeLessThan(0.01 * norm(expected) + 1e-6);
    }
    expect(difference(other.predictions, single.predictions)).toBeLessThan(0.01 * norm(single.predictions));
    expect(Math.abs(other.loss - single.loss)).toBeLessThan(0.01);
  });

  test('accumulated gradients', async () => {
    const options = { accumulationSteps: 2, optimizer: { type: 'sgd', learningRate: 0.1 } } as const;
    const changeOf = async (more: Partial<TrainerOptions>) => {
      const trainer = make(smallModel, { ...options, ...more });
      const before = await trainer.getWeights();
      const { steps } = await trainer.fit(smallDataset(16), { epochs: 1 });
      const after = await trainer.getWeights();
      trainer.dispose();
      return { steps, change: after.flatMap((tensor, i) => [...tensor.map((value, j) => value - before[i]![j]!)]) };
    };
    const [single, other] = [await changeOf({}), await changeOf(half)];
    expect(difference(other.change, single.change)).toBeLessThan(0.01 * norm(single.change));
    for (const [i, { gradientNorms }] of other.steps.entries())
      expectClose(gradientNorms, single.steps[i]!.gradientNorms, 0.02);
  });

  test('sample weights, and probes', async () => {
    const probesOf = async (more: Partial<TrainerOptions>) => {
      const trainer = make(smallModel, { health: 'full', probeEvery: 1, ...more });
      const probes: unknown[] = [];
      const sampleWeight = Float32Array.from({ length: 8 }, (_, i) => 0.5 + (i % 3));
      await trainer.fit(smallDataset(8), {
        sampleWeight,
        onProbe: ({ whole: { covarianceTrace, squaredGradient }, hardest }) =>
          probes.push({ covarianceTrace, squaredGradient, hardest }),
      });
      trainer.dispose();
      return probes;
    };
    const [single, other] = [await probesOf({}), await probesOf(half)];
    expect(single.length).toBeGreaterThan(0);
    expectClose(other, single, 0.02);
  });
});

/** Each layer multiplies the gradient by its weights and by at most a quarter. */
const deepSigmoid: Model = {
  inputShape: [8, 8, 1],
  layers: [
    { type: 'flatten' },
    ...Array.from({ length: 13 }, () => ({ type: 'dense', units: 16, activation: 'sigmoid' }) as const),
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
};

test('the gradients of a deep sigmoid network underflow without a factor, and arrive with the default', async () => {
  const firstNorm = async (options: Partial<TrainerOptions>) => {
    const trainer = make(deepSigmoid, { batchSize: 32, ...options });
    const { images, labels } = imagesFor(deepSigmoid, 32);
    const { gradients } = await trainer.gradients(images, labels);
    trainer.dispose();
    return {
      first: norm(gradients[0]!),
      zeros: gradients[0]!.filter((value) => value === 0).length / gradients[0]!.length,
    };
  };
  const single = await firstNorm({});
  const [unscaled, scaled] = [await firstNorm({ ...half, lossScale: 1 }), await firstNorm(half)];
  console.log(JSON.stringify({ single, unscaled, scaled }));
  expect(single.first).toBeGreaterThan(0);
  expect(unscaled.zeros).toBeGreaterThan(0.9);
  expect(scaled.zeros).toBeLessThan(0.1);
  expect(Math.abs(scaled.first - single.first)).toBeLessThan(0.05 * single.first);
});

describe('determinism', () => {
  const dataset = smallDataset(22);
  const options: Partial<TrainerOptions> = { ...half, augmentation: { rotationRange: 20, rescale: exactRescale } };

  test('the same seed gives the same bits, which are not those of float32', async () => {
    const runs = [];
    for (const more of [{}, {}, { activationStorage: 'float32' as const }]) {
      const trainer = make(normalizedModel, { ...options, ...more });
      const { steps } = await trainer.fit(dataset, { epochs: 2 });
      runs.push({ steps, bits: bitsOf(await trainer.getWeights()) });
      trainer.dispose();
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]!.bits).not.toEqual(runs[0]!.bits);
  });

  test('a resumed run has the bits of an uninterrupted one', async () => {
    const [whole, first] = [make(normalizedModel, options), make(normalizedModel, options)];
    await whole.fit(dataset, { epochs: 2 });
    await first.fit(dataset, { epochs: 1 });
    const resumed = make(normalizedModel, first.options);
    await resumed.restore(await first.snapshot());
    await resumed.fit(dataset, { initialEpoch: 1, epochs: 2 });
    expect(bitsOf(await resumed.getWeights())).toEqual(bitsOf(await whole.getWeights()));
    for (const trainer of [whole, first, resumed]) trainer.dispose();
  });
});

describe('numbers beyond float16', () => {
  const [images, labels] = batchOf(smallDataset(4), 0, 4);
  async function failure(options: Partial<TrainerOptions>, inputs = images): Promise<NonFiniteError> {
    const trainer = make(smallModel, { ...half, ...options });
    let error: unknown;
    for (let step = 0; step < 3 && !error; step++) {
      error = await trainer.trainOnBatch(inputs, labels).then(
        () => undefined,
        (reason: unknown) => reason,
      );
    }
    trainer.dispose();
    expect(error).toBeInstanceOf(NonFiniteError);
    return error as NonFiniteError;
  }

  test('in the backward pass: the message says to lower the factor', async () => {
    const { message, pass } = await failure({ lossScale: 2 ** 24 });
    expect(pass).toBe('gradient');
    expect(message).toContain('lower lossScale, which is 16777216');
  });

  test('in the forward pass: the message names float32', async () => {
    const { message, pass, layer } = await failure(
      {},
      images.map((value) => 1e6 * (0.5 + value)),
    );
    expect([pass, layer]).toEqual(['forward', 'conv2d']);
    expect(message).toContain("set activationStorage: 'float32'");
  });
});
