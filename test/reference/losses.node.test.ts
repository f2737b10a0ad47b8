import { expect, test } from 'vitest';
import { fillLoss, isCategorical, type LossConfig } from '../../src/model/loss.ts';
import { lossTypes } from '../../src/model/losses/index.ts';
import { lossTwin } from '../../src/reference/losses/index.ts';
import { softmaxCrossEntropy } from '../../src/reference/softmax_cross_entropy.ts';
import fixtures from '../fixtures/torch_losses.json';
import { expectGradient, numbers } from './central_differences.ts';

const losses: LossConfig[] = [
  { type: 'sparseCategoricalCrossentropy', labelSmoothing: 0.1 },
  { type: 'categoricalCrossentropy', labelSmoothing: 0.25 },
  'categoricalFocalCrossentropy',
  { type: 'categoricalFocalCrossentropy', alpha: 1, gamma: 0.5, labelSmoothing: 0.125 },
  'binaryCrossentropy',
  { type: 'binaryCrossentropy', labelSmoothing: 0.2 },
  'meanSquaredError',
  'meanAbsoluteError',
  { type: 'huber', delta: 0.5 },
];

test('every loss is among them', () => {
  expect(new Set(losses.map((config) => fillLoss(config).type))).toEqual(new Set(lossTypes));
});

test.each(losses)('gradient against central differences, with weights and a short batch: %j', (config) => {
  const loss = fillLoss(config);
  const s = { batch: 5, outputs: 3, count: 4 };
  const z = numbers(15, 1).map((value) => 3 * value);
  const targets = isCategorical(loss) ? numbers(15, 2).map(Math.abs) : numbers(15, 2).map((u) => (u + 1) / 2);
  const weights = [0, 1, 0.5, 3, 7];
  const inputs = { z, targets, weights };
  // The optimizer minimizes the sum of weight * loss divided by the number of samples.
  expectGradient('z', () => lossTwin(loss, s, inputs).loss / s.count, z, lossTwin(loss, s, inputs).dz);
});

test('without options it is softmax_cross_entropy', () => {
  const z = numbers(12, 1).map((value) => 4 * value);
  const labels = [2, 0, 1, 2];
  const { p, dz, loss, correct } = lossTwin(
    fillLoss('sparseCategoricalCrossentropy'),
    { batch: 4, outputs: 3, count: 3 },
    { z, labels },
  );
  const expected = softmaxCrossEntropy({ batch: 4, classes: 3, count: 3 }, { z, labels });
  expect({ loss, correct }).toEqual({ loss: expect.closeTo(expected.loss, 12), correct: expected.correct });
  for (const [i, value] of p.entries()) expect(value).toBeCloseTo(expected.p[i]!, 14);
  for (const [i, value] of dz.entries()) expect(value).toBeCloseTo(expected.dz[i]!, 14);
});

test.each(fixtures.values)('value and gradient are those of PyTorch: $loss', (of) => {
  const { loss, z, value, dz } = of;
  const { labels, targets, weights } = of as { labels?: number[]; targets?: number[]; weights?: number[] };
  const size = { batch: fixtures.samples, outputs: fixtures.outputs, count: fixtures.samples };
  const found = lossTwin(fillLoss(loss as LossConfig), size, { z, labels, targets, weights });
  expect(found.loss / fixtures.samples).toBeCloseTo(value, 12);
  for (const [i, expected] of dz.entries()) expect(found.dz[i]).toBeCloseTo(expected, 12);
});
