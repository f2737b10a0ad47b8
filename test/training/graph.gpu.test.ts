import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createTrainer, type Model, openGpu, type Trainer } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { product } from '../../src/product';
import { networkGradients, networkProbabilities } from '../../src/reference/network.ts';
import { fewBatches, graphsOfFewShapes } from './graph_models.ts';

const gpu = await openGpu();
afterAll(() => gpu.dispose());

/** Largest difference relative to the largest expected magnitude, or to `least` if that is larger. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>, least = 1e-3): number {
  let [difference, size] = [0, least];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    size = Math.max(size, Math.abs(expected[i]!));
    if (!Number.isFinite(found[i]!)) return Infinity;
  }
  return difference / size;
}

const noise = (next: () => number, count: number, limit: number, middle = 0) =>
  Float32Array.from({ length: count }, () => middle + limit * (2 * next() - 1));

/** Weights different from their usual initial values, so that a missing tensor is detected. */
function weightsFor(json: Model, seed: number): Float32Array[] {
  const next = uniforms(seed, 1);
  return compileModel(json).tensors.map(({ spec: { name, shape, fanIn, fanOut } }) => {
    const count = product(shape);
    if (name === 'gamma' || name === 'movingVariance') return noise(next, count, 0.4, 1);
    return noise(next, count, /ernel/.test(name) ? Math.sqrt(6 / (fanIn + fanOut)) : 0.25);
  });
}

async function compare(trainer: Trainer, json: Model, seed: number, batch: number, count: number): Promise<void> {
  const model = compileModel(json);
  const next = uniforms(seed, 0);
  const weights = weightsFor(json, seed);
  const images = noise(next, count * json.inputShape.reduce((a, b) => a * b), 1);
  const classes = model.layers[model.output]!.outputShape[0]!;
  const labels = Array.from({ length: count }, () => Math.floor(next() * classes));
  await trainer.setWeights(weights);
  const padded = new Float32Array((images.length / count) * batch);
  padded.set(images);
  const twin = networkGradients(model, weights, padded, labels, undefined, { seed, epoch: 0, start: 0 });
  const found = await trainer.gradients(images, labels);
  expect(relativeError([found.loss], [twin.loss])).toBeLessThan(1e-4);
  const trained = model.tensors.filter(({ spec }) => spec.trainable);
  for (const [t, gradient] of found.gradients.entries()) {
    const { layer, spec } = trained[t]!;
    const label = `${model.layers[layer]!.name} (${model.layers[layer]!.type}) ${spec.name}`;
    expect(gradient.length, label).toBe(twin.gradients[t]!.length);
    expect({ label, error: relativeError(gradient, twin.gradients[t]!) < 2e-3 }).toEqual({ label, error: true });
  }
  expect(found.gradients.length).toBe(twin.gradients.length);
  const probabilities = await trainer.predict(images);
  expect(relativeError(probabilities, networkProbabilities(model, weights, images))).toBeLessThan(1e-4);
}

test('random graphs: loss, every gradient and inference are the twin’s', { timeout: 600_000 }, async () => {
  const cases = fc.record({
    model: graphsOfFewShapes,
    batch: fewBatches,
    empty: fc.nat(2),
    seed: fc.nat(1000),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ model, batch, empty, seed }) => {
      // Measuring takes the longest to compile, and moves values and gradients into arenas, so only some graphs measure.
      const health = seed % 4 === 0 ? 'norms' : 'off';
      const trainer = createTrainer(gpu, { model, batchSize: batch, optimizer: 'sgd', seed, health });
      try {
        await compare(trainer, model, seed, batch, Math.max(1, batch - empty));
      } finally {
        trainer.dispose();
      }
    }),
    { seed: 2, numRuns: 40 },
  );
});
