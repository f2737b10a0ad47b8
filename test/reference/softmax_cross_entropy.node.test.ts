import { expect, test } from 'vitest';
import { softmaxCrossEntropy } from '../../src/reference/softmax_cross_entropy.ts';
import { expectGradient, numbers } from './central_differences.ts';

const labels = [2, 0, 1, 2];

test.each([4, 3])('gradient against central differences: a batch of 4 with %i real samples', (count) => {
  const s = { batch: 4, classes: 3, count };
  const z = numbers(12, 1).map((value) => 4 * value);
  // The optimizer minimizes the mean over the real samples.
  const loss = () => softmaxCrossEntropy(s, { z, labels }).loss / count;
  expectGradient('z', loss, z, softmaxCrossEntropy(s, { z, labels }).dz);
});

test('gradient against central differences: shares of classes, also such that do not add up to one', () => {
  const s = { batch: 4, classes: 3, count: 3 };
  const z = numbers(12, 1).map((value) => 4 * value);
  const targets = [0.2, 0.8, 0, 0.5, 0.25, 0.25, 0.3, 0.3, 0.1, 0, 0, 1];
  const loss = () => softmaxCrossEntropy(s, { z, targets }).loss / s.count;
  expectGradient('z', loss, z, softmaxCrossEntropy(s, { z, targets }).dz);
});

test('shares of one class alone are its label', () => {
  const s = { batch: 4, classes: 3, count: 4 };
  const z = numbers(12, 2);
  const targets = labels.flatMap((label) => [0, 1, 2].map((k) => Number(k === label)));
  expect(softmaxCrossEntropy(s, { z, targets })).toEqual(softmaxCrossEntropy(s, { z, labels }));
});

test('probabilities, loss and correct of known logits', () => {
  const s = { batch: 2, classes: 2, count: 2 };
  const { p, loss, correct } = softmaxCrossEntropy(s, { z: [0, Math.log(3), 5, 5], labels: [1, 1] });
  for (const [i, expected] of [1 / 4, 3 / 4, 1 / 2, 1 / 2].entries()) expect(p[i]).toBeCloseTo(expected, 15);
  expect(loss).toBeCloseTo(Math.log(4 / 3) + Math.log(2), 14);
  // The second is a tie, in which the first maximum counts.
  expect(correct).toBe(1);
});

test('large logits overflow nothing', () => {
  const { p, loss, dz } = softmaxCrossEntropy({ batch: 1, classes: 2, count: 1 }, { z: [1e4, -1e4], labels: [1] });
  expect([...p]).toEqual([1, 0]);
  expect(loss).toBe(2e4);
  expect([...dz]).toEqual([1, -1]);
});
