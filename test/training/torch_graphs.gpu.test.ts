import { afterAll, expect, test } from 'vitest';
import { createDataset, createTrainer, type Model, openGpu, type Trainer } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { product } from '../../src/model/layer.ts';
import { type PresetName, presetModel } from '../../src/model/presets.ts';
import json from '../fixtures/torch_graphs.json';

// Whole networks beside PyTorch in float64: test/fixtures/make_torch_graphs.py.

/** Whole where there are few elements, else a few of them and sums over all. */
interface Digest {
  values: number[];
  every?: number;
  largest?: number;
  norm?: number;
  products?: number[];
}

interface Case {
  samples: number;
  loss: number;
  gradients: Digest[];
  afterOne: Digest[];
  afterTen: Digest[];
  inference: { probabilities: number[]; loss: number; accuracy: number };
}

const networks = Object.entries(
  json.networks as unknown as Record<string, { seed: number; model: Model; cases: Case[] }>,
);

const gpu = await openGpu();
afterAll(() => gpu.dispose());

/** Of the largest element of a tensor, or of its norm where its elements are summed. */
const tolerance = 2e-4;
const batchSize = 8;
const classes = 10;

type Numbers = ArrayLike<number>;

function weightsFor(model: Model, seed: number): Float32Array[] {
  return compileModel(model).tensors.map(({ spec: { name, shape } }, t) => {
    let [middle, limit] = [0, 0.25];
    if (name === 'gamma' || name === 'movingVariance') [middle, limit] = [1, 0.4];
    else if (/ernel$/.test(name)) limit = Math.sqrt(6 / product(shape.slice(0, name === 'kernel' ? 3 : 2)));
    const next = uniforms(seed, 1000 + t);
    return Float32Array.from({ length: product(shape) }, () => middle + (2 * next() - 1) * limit);
  });
}

function imagesFor(seed: number, stream: number, count: number) {
  const [pixel, label] = [uniforms(seed, stream), uniforms(seed, stream + 1)];
  const bytes = Uint8Array.from({ length: count * 8 * 8 * 3 }, () => Math.floor(pixel() * 256));
  const labels = Uint8Array.from({ length: count }, () => Math.floor(label() * classes));
  return { bytes, images: Float32Array.from(bytes, (byte) => byte / 256), labels };
}

/** Largest difference, as a share of `size`. */
function errorOf(actual: Numbers, expected: Numbers, size: number): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(expected, (value, i) => Math.abs(actual[i]! - value) / size).reduce((a, b) =>
    a >= b || Number.isNaN(a) ? a : b,
  );
}

const largestOf = (values: Numbers) => Array.from(values, Math.abs).reduce((a, b) => Math.max(a, b), 0);

/** How far a tensor is from its digest, `t` being its place, which the vectors of its products depend on. */
function distance(actual: Float32Array, wanted: Digest, t: number): number {
  if (!wanted.products) return errorOf(actual, wanted.values, largestOf(wanted.values));
  const picked = actual.filter((_, i) => i % wanted.every! === 0);
  const products = wanted.products.map((_, vector) => {
    const next = uniforms(vector, 5000 + t);
    return actual.reduce((sum, value) => sum + (next() < 0.5 ? value : -value), 0);
  });
  return Math.max(
    errorOf(picked, wanted.values, wanted.largest!),
    errorOf(products, wanted.products, wanted.norm!),
    errorOf([Math.hypot(...actual)], [wanted.norm!], wanted.norm!),
  );
}

/** The tensors that are further off than they may be, and by how much: none. */
function expectTensors(what: string, labels: string[], actual: readonly Float32Array[], wanted: Digest[]): void {
  expect(actual).toHaveLength(wanted.length);
  const off = actual.map((tensor, t) => [labels[t], distance(tensor, wanted[t]!, t)] as const);
  expect(
    off.filter(([, share]) => !(share < tolerance)),
    what,
  ).toEqual([]);
}

const step = (trainer: Trainer, { images, labels }: ReturnType<typeof imagesFor>, samples: number) =>
  trainer.trainOnBatch(images.subarray(0, (images.length / labels.length) * samples), labels.subarray(0, samples));

test.each(networks)('%s beside PyTorch', async (name, { seed, model, cases }) => {
  expect(presetModel(name as PresetName, [8, 8, 3], classes)).toEqual(model);
  const { tensors, layers } = compileModel(model);
  const weights = weightsFor(model, seed);
  const labelOf = ({ layer, spec }: (typeof tensors)[number]) => `${layers[layer]!.name}.${spec.name}`;
  const trained = tensors.filter(({ spec }) => spec.trainable);
  expect(trained.length).toBeLessThan(tensors.length);
  const [batch, others] = [imagesFor(seed, 1, batchSize), imagesFor(seed, 3, 11)];
  const { bytes, labels } = others;
  const dataset = createDataset({ images: bytes, labels, imageShape: [8, 8, 3], classNames: [...'abcdefghij'] });
  const optimizer = { type: 'adam' as const, ...json.adam };

  for (const { samples, ...wanted } of cases) {
    const trainer = createTrainer(gpu, { model, optimizer, batchSize, augmentation: { rescale: 1 / 256 } });
    await trainer.setWeights(weights);
    const images = batch.images.subarray(0, 192 * samples);
    const found = await trainer.gradients(images, batch.labels.subarray(0, samples));
    expect(errorOf([found.loss], [wanted.loss], wanted.loss)).toBeLessThan(tolerance);
    expectTensors(`gradients of ${samples}`, trained.map(labelOf), found.gradients, wanted.gradients);
    expect(await trainer.getWeights()).toEqual(weights);

    expect((await step(trainer, batch, samples)).loss).toBe(found.loss);
    expectTensors(
      `weights after a step on ${samples}`,
      tensors.map(labelOf),
      await trainer.getWeights(),
      wanted.afterOne,
    );
    for (let i = 1; i < json.steps; i++) await step(trainer, batch, samples);
    const after = await trainer.getWeights();
    expectTensors(`weights after ten steps on ${samples}`, tensors.map(labelOf), after, wanted.afterTen);

    const { probabilities, loss, accuracy } = wanted.inference;
    expect(errorOf(await trainer.predict(others.images), probabilities, 1)).toBeLessThan(tolerance);
    const evaluation = await trainer.evaluate(dataset);
    expect(errorOf([evaluation.loss], [loss], loss)).toBeLessThan(tolerance);
    expect(evaluation.accuracy).toBeCloseTo(accuracy, 6);
    expect(await trainer.getWeights()).toEqual(after);
    trainer.dispose();
  }
});
