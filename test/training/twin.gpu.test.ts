import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTrainer, learningRateAt, type OptimizerConfig } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { shuffledOrder, uniforms } from '../../src/model/initializers.ts';
import { fillOptimizer } from '../../src/model/optimizer.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { trainSteps } from '../../src/reference/train.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { boundsOf } from '../../src/selftest/sensitivity.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { expectBatch } from './closeness.ts';
import { models } from './models.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

test('random models and batches: probabilities, loss, gradients, norms', async () => {
  const cases = fc.record({
    model: models,
    batchSize: fc.integer({ min: 1, max: 6 }),
    empty: fc.integer({ min: 0, max: 5 }),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ model: json, batchSize, empty, seed }) => {
      const model = compileModel(json);
      const next = uniforms(seed, 0);
      const noise = (count: number, limit: number) =>
        Float32Array.from({ length: count }, () => limit * (2 * next() - 1));
      const count = Math.max(1, batchSize - empty);
      const images = noise(count * json.inputShape.reduce((a, b) => a * b), 1);
      const labels = Array.from({ length: count }, () => Math.floor(next() * model.layers.at(-1)!.outputShape[0]!));
      // Kernels with Glorot's scale; nonzero biases, because zeros would go unnoticed.
      const weights = model.layers.flatMap((layer) =>
        layer.weights.map(({ name, shape, fanIn, fanOut }) =>
          noise(
            shape.reduce((a, b) => a * b),
            name === 'bias' ? 0.25 : Math.sqrt(6 / (fanIn + fanOut)),
          ),
        ),
      );
      const trainer = createTrainer(gpu, { model: json, batchSize, optimizer: 'sgd' });
      try {
        await trainer.setWeights(weights);
        const twin = networkGradients(model, weights, images, labels);
        const bounds = boundsOfBatch(model, weights, images, labels);
        expectWithin('probabilities', await trainer.predict(images), twin.probabilities, bounds.probabilities);
        expectBatch(model, await trainer.gradients(images, labels), twin, bounds);
      } finally {
        trainer.dispose();
      }
    }),
    { seed: 20, numRuns: 10 },
  );
});

describe.each<[string, OptimizerConfig, boolean]>([
  ['Adam', { type: 'adam', learningRate: 0.01 }, true],
  ['SGD with momentum, in order', { type: 'sgd', learningRate: 0.05, momentum: 0.9, nesterov: true }, false],
  [
    'SGD by a schedule',
    {
      type: 'sgd',
      learningRate: { type: 'polynomialDecay', initialLearningRate: 0.1, decaySteps: 3, endLearningRate: 0.01 },
    },
    true,
  ],
])('an epoch whose last batch is short: %s', (_, optimizer, shuffle) => {
  const dataset = smallDataset(11);
  const batchSize = 4;
  const seed = 3;
  const model = compileModel(smallModel);

  test('every step, the epoch and the weights are the twin’s', async () => {
    const trainer = createTrainer(gpu, {
      model: smallModel,
      batchSize,
      seed,
      optimizer,
      augmentation: { rescale: exactRescale },
    });
    const start = await trainer.getWeights();
    const history = await trainer.fit(dataset, { shuffle });
    const order = shuffle ? [...shuffledOrder(dataset.count, seed, 1)] : [...dataset.labels.keys()];
    const images = order.flatMap((sample) => [...batchOf(dataset, sample, 1)[0]]);
    const labels = order.map((sample) => dataset.labels[sample]!);

    const [places, elements] = [[0, 4, 8], 36];
    const batch = (x: ArrayLike<number>, step: number) => ({
      images: Float64Array.from(x).subarray(places[step]! * elements, (places[step]! + batchSize) * elements),
      labels: labels.slice(places[step], places[step]! + batchSize),
    });
    const { learningRate } = fillOptimizer(optimizer);
    const rateOf = (update: number) => learningRateAt(learningRate, update);
    const train = (w: ArrayLike<number>[], x: ArrayLike<number>) => {
      const given: ReturnType<typeof networkGradients>[] = [];
      const weights = trainSteps(
        fillOptimizer(optimizer),
        w,
        3,
        (at, step) => {
          given.push(networkGradients(model, at, batch(x, step).images, batch(x, step).labels));
          return given.at(-1)!.gradients;
        },
        rateOf,
      );
      return { given, weights };
    };
    const twin = train(start, images);
    const bounds = boundsOf(
      (w, x) => {
        const { given, weights } = train(w, x);
        return [...weights, ...given.flatMap(({ loss, gradientNorms }) => [[loss], Object.values(gradientNorms)])];
      },
      model,
      start,
      images,
    );
    const weights = await trainer.getWeights();
    for (const [i, w] of weights.entries()) expectWithin(`weights ${i}`, w, twin.weights[i]!, bounds[i]!);
    const samples = [4, 4, 3];
    let [loss, correct] = [0, 0];
    for (const [i, record] of history.steps.entries()) {
      const { loss: ofStep, correct: ofHits, gradientNorms } = twin.given[i]!;
      const [ofLoss, ofNorms] = bounds.slice(weights.length + 2 * i);
      expectWithin(`loss of step ${i}`, [record.loss], [ofStep], ofLoss! + 2 ** -20);
      expect(record).toMatchObject({
        step: i + 1,
        epoch: 1,
        samples: samples[i],
        accuracy: ofHits / samples[i]!,
        skipped: false,
      });
      for (const [name, norm] of Object.entries(gradientNorms)) {
        expectWithin(`norm of ${name} in step ${i}`, [record.gradientNorms[name]!], [norm], ofNorms!);
      }
      loss += ofStep * samples[i]!;
      correct += ofHits;
    }
    expect(history.steps).toHaveLength(3);
    const [epoch] = history.epochs;
    expectWithin('loss of the epoch', [epoch!.loss], [loss / 11], Math.max(...bounds.slice(weights.length)) + 2 ** -20);
    expect(epoch!.accuracy).toBeCloseTo(correct / 11, 12);
    for (const [name, { mean, min, max }] of Object.entries(epoch!.gradientNorms)) {
      const norms = history.steps.map((record) => record.gradientNorms[name]!);
      expect([min, max]).toEqual([Math.min(...norms), Math.max(...norms)]);
      expect(mean).toBeCloseTo((norms[0]! + norms[1]! + norms[2]!) / 3, 12);
    }
    trainer.dispose();
  });
});
