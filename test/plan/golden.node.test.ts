import { expect, test } from 'vitest';
import type { Traits } from '../../src/gpu/device.ts';
import {
  type AugmentationConfig,
  type Model,
  presetModel,
  residualBlock,
  tutorialAugmentation,
} from '../../src/index.ts';
import { planTraining } from '../../src/train/plan_training.ts';

/** One line per dispatch: its kernel, layer and workgroups, and the buffers that it reads and writes. */
async function linesOf(
  model: Model,
  augmentation: AugmentationConfig,
  traits: Traits = { software: true, subgroupSize: 4 },
): Promise<string[]> {
  const { dispatches, bytes } = await planTraining(
    { model, batchSize: 32, augmentation },
    { imageShape: model.inputShape, count: 1000 },
    {
      traits,
      limits: { mostBytes: 2 ** 30, mostArenaBytes: 2 ** 27 },
    },
  );
  return [
    ...dispatches.map(
      ({ phase, layer, kernel, variant, upgrade, workgroups, reads, writes }) =>
        `${phase} ${layer || '-'} ${kernel}${variant && ` (${variant}${upgrade ? `; later ${upgrade}` : ''})`} x ${workgroups}: ` +
        `${reads.join(' ') || '-'} -> ${writes.join(' ')}`,
    ),
    `${dispatches.length} dispatches, ${bytes.shared} bytes, ${bytes.apart} without sharing, ${bytes.input} of a data set`,
  ];
}

// A change of a step changes these lines; update them with: npx vitest run --project node test/plan -u.
test("the tutorial's step at batch size 32", async () => {
  const lines = await linesOf(presetModel('tutorial', [28, 28, 1], 10), tutorialAugmentation);
  expect(lines).toHaveLength(23 + 1);
  await expect(lines.join('\n')).toMatchFileSnapshot('tutorial.plan.txt');
});

test("the tutorial's step on a GPU, where dispatches share launches", async () => {
  const lines = await linesOf(presetModel('tutorial', [28, 28, 1], 10), tutorialAugmentation, {
    software: false,
    subgroupSize: 32,
    storageBuffers: 10,
  });
  expect(lines).toHaveLength(16 + 1);
  await expect(lines.join('\n')).toMatchFileSnapshot('tutorial_gpu.plan.txt');
});

test('a step of a residual network: fused sums and activations, gradients that are added', async () => {
  const lines = await linesOf(
    {
      inputShape: [16, 16, 3],
      layers: [
        { type: 'conv2d', filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' },
        ...residualBlock({ filters: 8 }),
        ...residualBlock({ filters: 16, strides: 2 }),
        { type: 'globalAveragePooling2d' },
        { type: 'dropout', rate: 0.2 },
        { type: 'dense', units: 10, activation: 'softmax' },
      ],
    },
    [{ type: 'mixUp' }],
  );
  await expect(lines.join('\n')).toMatchFileSnapshot('residual.plan.txt');
});
