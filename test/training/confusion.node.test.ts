import { expect, test } from 'vitest';
import { confusionOf } from '../../src/index.ts';

test('the confusion matrix, and the most confident mistakes first', () => {
  const labels = [0, 1, 2, 1, 0];
  const probabilities = Float32Array.of(
    ...[0.75, 0.25, 0], // Correct.
    ...[0.625, 0.25, 0.125], // Actual 1, predicted 0.
    ...[0.5, 0, 0.5], // Actual 2, predicted 0: the first of equal maxima.
    ...[0, 0.25, 0.75], // Actual 1, predicted 2, with the highest confidence.
    ...[Number.NaN, Number.NaN, Number.NaN], // No prediction.
  );
  expect(confusionOf(labels, probabilities)).toEqual({
    counts: [
      [1, 0, 0],
      [1, 0, 1],
      [1, 0, 0],
    ],
    accuracy: 1 / 5,
    mistakes: [
      { sample: 3, label: 1, predicted: 2, probability: 0.75 },
      { sample: 1, label: 1, predicted: 0, probability: 0.625 },
      { sample: 2, label: 2, predicted: 0, probability: 0.5 },
    ],
  });
});
