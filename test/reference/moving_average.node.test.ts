import { expect, test } from 'vitest';
import { fillOptimizer } from '../../src/model/optimizer.ts';
import { movingAverage } from '../../src/reference/moving_average.ts';
import { trainWithAverage } from '../../src/reference/train.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import torch from '../fixtures/torch_average.json' with { type: 'json' };

test("PyTorch's AveragedModel over 20 steps", () => {
  let a: ArrayLike<number> = torch.weights[0]!.map(() => 99); // The first update ignores it.
  for (const [step, w] of torch.weights.entries()) {
    ({ a } = movingAverage({ emaMomentum: torch.decay }, { w, a, t: step + 1 }));
    expectWithin(`step ${step + 1}`, a, torch.averages[step]!, 1e-14);
  }
});

test("Keras' overwriting: after every second update the weights are their average, and training continues from there", () => {
  const optimizer = fillOptimizer({
    type: 'sgd',
    learningRate: 1,
    useEma: true,
    emaMomentum: 0.5,
    emaOverwriteFrequency: 2,
  });
  const given: number[] = [];
  const { weights, averages } = trainWithAverage(optimizer, [[8]], 4, ([w]) => {
    given.push(w![0]!);
    return [[2]];
  });
  // 8, 6: average 6. 4: average 5 overwrites it. 3: average 4. 1: average 2.5 overwrites it.
  expect(given).toEqual([8, 6, 5, 3]);
  expect([weights, averages]).toEqual([[Float64Array.of(2.5)], [Float64Array.of(2.5)]]);
});
