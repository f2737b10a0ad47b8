import { expect, test } from 'vitest';
import { createTrainer } from '../../src/api/trainer.ts';
import { expectSame } from '../../src/selftest/compare.ts';
import { NonFiniteError } from '../../src/train/diagnosis.ts';
import { gpu } from '../gpu/shared_gpu.ts';

test('gradients that are finite but too large to square are skipped, and the layer is named', async () => {
  const trainer = createTrainer(gpu, {
    model: { inputShape: [8, 8, 1], layers: [{ type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }] },
    optimizer: 'adam',
    batchSize: 2,
  });
  const images = new Float32Array(2 * 64).fill(1e19);
  const { gradients } = await trainer.gradients(images, [0, 1]);
  for (const gradient of gradients) expect(gradient.every(Number.isFinite)).toBe(true);
  const before = await trainer.getWeights();
  for (let i = 0; i < 2; i++) {
    const { gradientNorms, health } = await trainer.trainOnBatch(images, [0, 1]);
    expect(gradientNorms.dense).toBe(Infinity);
    expect(health!.firstNonFinite).toEqual({ layer: 'dense', pass: 'gradient' });
  }
  const error = await trainer.trainOnBatch(images, [0, 1]).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NonFiniteError);
  expect(error).toMatchObject({ layer: 'dense', pass: 'gradient' });
  expect((error as Error).message).toContain('too large to square');
  const after = await trainer.getWeights();
  after.forEach((tensor, i) => {
    expectSame(`weights ${i}`, tensor, before[i]!);
  });
  trainer.dispose();
});
