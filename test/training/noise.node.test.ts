import { describe, expect, test } from 'vitest';
import { estimateNoise, RunningNoise, sharesOf } from '../../src/health/noise.ts';
import { torchSamples } from '../fixtures/torch_samples.ts';

/** The mean gradient of some samples, as a part of a batch. */
function partOf(gradients: readonly number[][], samples: readonly number[]) {
  let squares = 0;
  for (let i = 0; i < gradients[0]!.length; i++) {
    squares += (samples.reduce((sum, n) => sum + gradients[n]![i]!, 0) / samples.length) ** 2;
  }
  return { samples: samples.length, squares };
}

/** All partitions of the samples into parts of these sizes, in every order of the parts. */
function* partitions(samples: readonly number[], sizes: readonly number[]): Generator<number[][]> {
  if (sizes.length === 0) return yield [];
  for (const part of choose(samples, sizes[0]!)) {
    const rest = samples.filter((n) => !part.includes(n));
    for (const parts of partitions(rest, sizes.slice(1))) yield [part, ...parts];
  }
}

function* choose(samples: readonly number[], count: number): Generator<number[]> {
  if (count === 0) return yield [];
  for (let i = 0; i + count <= samples.length; i++) {
    for (const others of choose(samples.slice(i + 1), count - 1)) yield [samples[i]!, ...others];
  }
}

describe.each(Object.entries(torchSamples))('PyTorch’s gradients of single samples: %s', (_, { layers }) => {
  describe.each(Object.entries(layers))('%s', (_, { sampleGradients, covarianceTrace, squaredMean }) => {
    const all = [...sampleGradients.keys()];
    const truth = squaredMean - covarianceTrace / all.length;

    test('parts of one sample: the covariance of the samples itself', () => {
      const parts = all.map((n) => partOf(sampleGradients, [n]));
      const estimate = estimateNoise(partOf(sampleGradients, all), parts);
      expect(estimate.covarianceTrace / covarianceTrace).toBeCloseTo(1, 9);
      expect(Math.abs(estimate.squaredGradient - truth) / covarianceTrace).toBeLessThan(1e-9);
    });

    // Unbiased: over all partitions of the batch the estimates are correct on average, though not individually.
    const cuts = all.length === 4 ? [[2, 2], [1, 3]] : [[2, 2, 2, 2], [3, 3, 2], [1, 7], [4, 4]]; // biome-ignore format: rows
    test.each(cuts)('in the mean over all cuts into parts: %i, %i ...', (...sizes) => {
      let [trace, squares, count] = [0, 0, 0];
      const single: number[] = [];
      for (const parts of partitions(all, sizes)) {
        const estimate = estimateNoise(
          partOf(sampleGradients, all),
          parts.map((part) => partOf(sampleGradients, part)),
        );
        trace += estimate.covarianceTrace;
        squares += estimate.squaredGradient;
        single.push(estimate.covarianceTrace);
        count++;
      }
      expect(trace / count / covarianceTrace).toBeCloseTo(1, 9);
      expect(Math.abs(squares / count - truth) / covarianceTrace).toBeLessThan(1e-9);
      expect(Math.max(...single) / Math.min(...single)).toBeGreaterThan(1.01);
    });
  });
});

test('the scale is a ratio of averages, not an average of ratios, and the later estimates count more', () => {
  const noise = new RunningNoise();
  expect(noise.scale).toBeNaN();
  expect(noise.add({ covarianceTrace: 10, squaredGradient: 2 })).toBe(5);
  expect(noise.add({ covarianceTrace: 20, squaredGradient: -1 })).toBeCloseTo((0.9 * 10 + 20) / (0.9 * 2 - 1), 12);
  for (let i = 0; i < 200; i++) noise.add({ covarianceTrace: 3, squaredGradient: 1 });
  expect(noise.scale).toBeCloseTo(3, 6);
});

test('what is no estimate is left out', () => {
  const noise = new RunningNoise();
  noise.add({ covarianceTrace: 10, squaredGradient: 2 });
  expect(noise.add(estimateNoise({ samples: 1, squares: 3 }, [{ samples: 1, squares: 3 }]))).toBe(5);
  expect(noise.add({ covarianceTrace: Infinity, squaredGradient: 2 })).toBe(5);
});

test('no gradient to be seen for noise', () => {
  const noise = new RunningNoise();
  expect(noise.add({ covarianceTrace: 10, squaredGradient: -2 })).toBe(Infinity);
  expect(new RunningNoise().add({ covarianceTrace: 0, squaredGradient: 0 })).toBeNaN();
});

test.each([
  [32, [8, 8, 8, 8]],
  [11, [2, 3, 3, 3]],
  [3, [1, 1, 1]],
  [1, [1]],
])('%i samples in four parts: %j', (samples, sizes) => {
  expect(sharesOf(samples, 4)).toEqual(sizes);
});
