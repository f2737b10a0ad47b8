import { expect, test } from 'vitest';
import { createTrainer } from '../../src/index.ts';
import { presetModel } from '../../src/model/presets.ts';
import torch from '../fixtures/torch_learning.json';
import { gpu } from '../gpu/shared_gpu.ts';
import { madeClasses, madeImages } from './made_images.ts';

// Takes minutes on a software adapter, so it only runs on request:
// VITE_LEARNING=1 npx vitest run --project gpu test/training/learning.gpu.test.ts
const isAskedFor = 'VITE_LEARNING' in (import.meta as unknown as { env: object }).env;

test('the made images are those that PyTorch has learned', () => {
  const { images } = madeImages(10, 100);
  expect(images.reduce((sum, byte) => sum + byte, 0)).toBe(torch.sumOfHundred);
});

test.runIf(isAskedFor)(
  'resnet8 learns as well as in PyTorch, crops and flips included',
  { timeout: 1_800_000 },
  async () => {
    const { epochs, batchSize, momentum, train, test: testSamples, accuracies } = torch;
    const model = presetModel('resnet8', [16, 16, 3], madeClasses);
    const layers = model.layers.map((layer) => (layer.type === 'batchNormalization' ? { ...layer, momentum } : layer));
    const trainer = createTrainer(gpu, {
      model: { ...model, layers },
      batchSize,
      seed: 1,
      augmentation: [{ type: 'randomCrop', size: 16, padding: 2 }, { type: 'randomHorizontalFlip' }],
    });
    await trainer.fit(madeImages(10, train), {
      epochs,
      onEpoch: ({ epoch, loss, accuracy, seconds }) => console.log(JSON.stringify({ epoch, loss, accuracy, seconds })),
    });
    const { accuracy } = await trainer.evaluate(madeImages(20, testSamples));
    trainer.dispose();
    console.log(`accuracy ${accuracy} here, ${accuracies.join(', ')} in PyTorch`);
    // Another seed may be slightly worse than the worst of a few, which vary widely after so few steps.
    const [least, most] = [Math.min(...accuracies), Math.max(...accuracies)];
    expect(accuracy).toBeGreaterThan(least - (most - least) / 4);
  },
);

test('on resnet8 muon is further after as many steps as sgd with momentum, each at its best learning rate', async () => {
  const model = presetModel('resnet8', [16, 16, 3], madeClasses);
  // Among 0.03, 0.1 and 0.3, the rate that gets sgd furthest in 64 steps; and muon's default. Muon is also ahead with seeds 2 and
  // 3.
  const optimizers = [{ type: 'sgd', momentum: 0.9, learningRate: 0.1 }, { type: 'muon' }] as const;
  const losses: number[] = [];
  for (const optimizer of optimizers) {
    const trainer = createTrainer(gpu, { model, batchSize: 8, seed: 1, optimizer, health: 'off' });
    const { steps } = await trainer.fit(madeImages(10, 256));
    trainer.dispose();
    losses.push(steps.slice(-8).reduce((sum, { loss }) => sum + loss / 8, 0));
  }
  console.log(`mean loss of steps 25 to 32: sgd ${losses[0]!.toFixed(3)}, muon ${losses[1]!.toFixed(3)}`);
  expect(losses[1]).toBeLessThan(0.8 * losses[0]!);
});
