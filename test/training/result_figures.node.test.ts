import { expect, test } from 'vitest';
import { labelScores } from '../../src/train/label_scores.ts';
import { regressionFigures } from '../../src/train/regression.ts';

test('errors of each number: mean absolute, mean squared, and R², by hand', () => {
  // Targets 1, 2, 3, 6 with predictions 1, 3, 3, 5; the second target is always 4.
  const targets = Float32Array.of(1, 4, 2, 4, 3, 4, 6, 4);
  const predictions = Float32Array.of(1, 4, 3, 5, 3, 4, 5, 4);
  // Squared deviations from the mean 3: 4 + 1 + 0 + 9 = 14.
  expect(regressionFigures(targets, predictions, 2)).toEqual([
    { meanAbsoluteError: 0.5, meanSquaredError: 0.5, r2: 1 - 2 / 14 },
    { meanAbsoluteError: 0.25, meanSquaredError: 0.25, r2: undefined },
  ]);
});

test('scores of each label, by hand; without a prediction or a sample they are 0', () => {
  // Label 0: TP 1, FP 1, FN 1, TN 1. Label 1: no sample has it, and it is never predicted; 0.5 is not above the threshold.
  const targets = Float32Array.of(1, 0, 1, 0, 0, 0, 0, 0);
  const probabilities = Float32Array.of(0.9, 0.5, 0.1, 0.2, 0.8, 0, 0.3, 0.4);
  expect(labelScores(targets, probabilities, 2)).toEqual([
    { precision: 0.5, recall: 0.5, f1Score: 0.5, accuracy: 0.5, support: 2 },
    { precision: 0, recall: 0, f1Score: 0, accuracy: 1, support: 0 },
  ]);
});
