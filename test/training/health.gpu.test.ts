import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTrainer, type Model, tutorialModel } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { expectHealth } from './health_closeness.ts';
import { models } from './models.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

const noise = (count: number, seed: number, limit = 1) => {
  const next = uniforms(seed, 0);
  return Float32Array.from({ length: count }, () => limit * (2 * next() - 1));
};

/** Runs steps on noise and compares the health of each with the twin's, for `count` samples in the slots of a batch. */
async function checkSteps(json: Model, batchSize: number, count: number, seed: number, steps = 1): Promise<void> {
  const model = compileModel(json);
  const elements = json.inputShape.reduce((a, b) => a * b);
  const classes = model.layers.at(-1)!.outputShape[0]!;
  const trainer = createTrainer(gpu, { model: json, batchSize, seed, optimizer: { type: 'sgd', learningRate: 0.1 } });
  try {
    await trainer.setWeights(
      model.layers.flatMap(({ weights }, layer) =>
        weights.map(({ name, shape, fanIn, fanOut }) =>
          noise(
            shape.reduce((a, b) => a * b),
            seed + 7 * layer,
            name === 'bias' ? 0.25 : Math.sqrt(6 / (fanIn + fanOut)),
          ),
        ),
      ),
    );
    let positive: Record<string, boolean[]> = {};
    for (let step = 0; step < steps; step++) {
      const images = noise(count * elements, seed + 100 + step);
      const labels = Array.from({ length: count }, (_, i) => (i * 7 + step) % classes);
      const before = await trainer.getWeights();
      const { health } = await trainer.trainOnBatch(images, labels);
      const after = await trainer.getWeights();
      positive = expectHealth(model, health, { images, labels, before, after, positive });
    }
  } finally {
    trainer.dispose();
  }
}

test('random models and batches, short ones too', async () => {
  const cases = fc.record({
    model: models,
    batchSize: fc.integer({ min: 1, max: 6 }),
    empty: fc.integer({ min: 0, max: 5 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, ({ model, batchSize, empty, seed }) =>
      checkSteps(model, batchSize, Math.max(1, batchSize - empty), seed, 2),
    ),
    { seed: 1, numRuns: 12 },
  );
});

const dense = (units: number, activation: string) => ({ type: 'dense', units, activation });
test.each<[string, object[], number, number]>([
  ['more channels than a workgroup is wide, not a multiple of four', [dense(331, 'relu'), dense(5, 'softmax')], 4, 3],
  ['many units, tanh', [dense(1024, 'tanh'), dense(6, 'sigmoid'), dense(3, 'softmax')], 3, 3],
  [
    'penalties on weights, which are in their gradients and not in deltas',
    [
      { ...dense(6, 'tanh'), kernelRegularizer: { l2: 0.5 } },
      { ...dense(3, 'softmax'), kernelRegularizer: { l1: 0.25 }, biasRegularizer: { l1: 0.5, l2: 2 } },
    ],
    4,
    3,
  ],
  ['a logit a class alone', [dense(3, 'softmax')], 5, 5],
])('%s', async (_, layers, batchSize, count) => {
  const model = { inputShape: [3, 3, 1], layers: [{ type: 'flatten' }, ...layers] } as Model;
  await checkSteps(model, batchSize, count, 3);
});

test("the tutorial's network", () => checkSteps(tutorialModel([14, 14, 1]), 8, 7, 5));

describe('in fit', () => {
  test('each step has it, and units are forgotten when an epoch begins', async () => {
    const options = { model: smallModel, batchSize: 4, seed: 3, augmentation: { rescale: exactRescale } };
    const [fitting, stepping] = [createTrainer(gpu, options), createTrainer(gpu, options)];
    const dataset = smallDataset(10);
    const model = compileModel(smallModel);
    const { steps } = await fitting.fit(dataset, { epochs: 2, shuffle: false });
    expect(steps).toHaveLength(6);
    let positive: Record<string, boolean[]> = {};
    for (const [i, { health, epoch }] of steps.entries()) {
      if (i % 3 === 0) positive = {};
      const [images, labels] = batchOf(dataset, (i % 3) * 4, 4);
      const before = await stepping.getWeights();
      await stepping.trainOnBatch(images, labels);
      const after = await stepping.getWeights();
      positive = expectHealth(model, health, { images, labels, before, after, positive });
      expect(epoch).toBe(i < 3 ? 1 : 2);
    }
    fitting.dispose();
    stepping.dispose();
  });

  test('off: no health, and bit-identical results', async () => {
    const options = { model: smallModel, batchSize: 4, seed: 3 };
    const trainers = (['off', 'norms'] as const).map((health) => createTrainer(gpu, { ...options, health }));
    const [off, norms] = await Promise.all(trainers.map((trainer) => trainer.fit(smallDataset(10), { epochs: 2 })));
    expect(off!.steps.map((step) => 'health' in step)).toEqual(Array(6).fill(false));
    expect(norms!.steps.map(({ health, ...step }) => step)).toEqual(off!.steps);
    const [without, withIt] = await Promise.all(trainers.map((trainer) => trainer.getWeights()));
    expect(withIt).toEqual(without);
    for (const trainer of trainers) trainer.dispose();
  });
});
