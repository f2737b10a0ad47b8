import { expect, test } from 'vitest';
import type { OpConfig } from '../../src/augment/op_options.ts';
import { ConfigurationError, createDataset, createTrainer } from '../../src/index.ts';
import type { Model } from '../../src/model/graph.ts';
import { expectSame } from '../../src/selftest/compare.ts';
import { gpu } from '../gpu/shared_gpu.ts';

const model: Model = {
  inputShape: [4, 4, 1],
  layers: [{ type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }],
};
// The class determines the position of the bright rows, which a dense layer can learn.
const count = 90;
const images = Uint8Array.from({ length: count * 16 }, (_, i) => {
  const [image, row] = [Math.floor(i / 16), Math.floor((i % 16) / 4)];
  return image % 3 === row ? 200 : 20 + ((i * 37) % 30);
});
const dataset = createDataset({
  images,
  labels: Array.from({ length: count }, (_, i) => i % 3),
  imageShape: [4, 4, 1],
});
const options = { model, batchSize: 32, seed: 1, optimizer: { type: 'adam' as const, learningRate: 0.05 } };

test.each([[['mixUp']], [['cutMix']], [['mixUp', 'cutMix']]])(
  'trained on %j it learns, and is evaluated on whole images',
  async (types) => {
    const trainer = createTrainer(gpu, { ...options, augmentation: types.map((type) => ({ type }) as OpConfig) });
    const { epochs } = await trainer.fit(dataset, { epochs: 12, validationData: dataset });
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss);
    expect(epochs.at(-1)!.validationAccuracy).toBeGreaterThan(0.95);
    // Mixed images can't be classified with certainty: their loss stays above that of unmixed ones.
    expect(epochs.at(-1)!.loss).toBeGreaterThan(epochs.at(-1)!.validationLoss!);
    const profile = await trainer.profile(dataset, { steps: 1 });
    expect(profile.dispatches.map(({ name }) => name)).toContain('augment_mix');
    trainer.dispose();
  },
);

test('images that are never mixed are trained on as without', async () => {
  const weightsWith = async (augmentation: OpConfig[]) => {
    const trainer = createTrainer(gpu, { ...options, augmentation });
    await trainer.fit(dataset, { epochs: 2 });
    const weights = await trainer.getWeights();
    trainer.dispose();
    return weights;
  };
  const plain = await weightsWith([]);
  const never = await weightsWith([{ type: 'mixUp', p: 0 }]);
  for (const [i, w] of never.entries()) expectSame(`weights ${i}`, w, plain[i]!);
});

test.each([
  ['labels for shares', [0, 1], /2 labels/, /3 soft labels each/],
  ['a negative share', [1.5, -0.5, 0, 1, 0, 0], /image 0/, /found: \[1\.5,-0\.5,0\]/],
  ['shares that are too much', [1, 0, 0, 1, 1, 0], /image 1/, /add up to 1/],
  ['no number', [1, 0, 0, Number.NaN, 0, 1], /image 1/, /3 numbers/],
])('refused: %s', async (_, labels, ...words) => {
  const trainer = createTrainer(gpu, { ...options, loss: 'categoricalCrossentropy' });
  const error = await trainer.trainOnBatch(new Float32Array(32), labels).catch((reason) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  for (const word of words) expect(error.message).toMatch(word);
  trainer.dispose();
});

test('an unknown loss is reported with the nearest', () => {
  expect(() => createTrainer(gpu, { ...options, loss: 'categoricalCrossEntropy' as never })).toThrow(
    'did you mean "categoricalCrossentropy"?',
  );
});
