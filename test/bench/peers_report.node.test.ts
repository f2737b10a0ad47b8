import { describe, expect, test } from 'vitest';
import { compileModel } from '../../src/model/graph.ts';
import type { LayerConfig } from '../../src/model/layers/index.ts';
import { tutorialModel } from '../../src/model/tutorial.ts';
import { flopsAnImage } from './flops.ts';
import {
  checkLosses,
  figuresOf,
  type Measured,
  msPerStep,
  peersTable,
  planRounds,
  ratio,
  ratioLine,
} from './peers_report.ts';
import type { ContenderName } from './protocol.ts';

/** Creates rounds of two steps each from milliseconds per step. */
const measured = (name: ContenderName, msOfSteps: number[], losses: number[] = [2.3, 2.2, 2.1]): Measured => ({
  name,
  startupMs: 1234,
  rounds: msOfSteps.map((ms) => ({ steps: 2, ms: 2 * ms, losses: [] })),
  losses,
});

const wgrad = measured('wgrad', [100, 200, 110]);
const augmented = measured('wgrad, augmented', [120, 210, 130]);
const tensorflow = measured('TensorFlow.js', [3000, 6200, 3080]);
const jax = measured('jax-js', [700, 1300, 803]);
const all = [wgrad, augmented, tensorflow, jax];

describe('figures', () => {
  test('a ratio compares turns of the same round, so load on the machine affects both', () => {
    expect(ratio(wgrad, tensorflow)).toEqual({ median: 30, min: 28, max: 31 });
    expect(ratio(wgrad, jax).median).toBe(7);
  });

  test('medians and spreads are per step, whatever the number of steps in a turn', () => {
    expect(msPerStep(wgrad)).toEqual({ median: 110, min: 100, max: 200 });
    const uneven: Measured = { ...wgrad, rounds: [{ steps: 10, ms: 500, losses: [] }] };
    expect(msPerStep(uneven).median).toBe(50);
  });

  test("the tutorial's step costs 15.4 MFLOP an image", () => {
    // 26 x 26 x 9 x 32 twice, 11 x 11 x 288 x 64, 1600 x 128 and 128 x 10 three times; each a product and a sum.
    const twice = 26 * 26 * 9 * 32;
    const thrice = 11 * 11 * 288 * 64 + 1600 * 128 + 128 * 10;
    expect(flopsAnImage(compileModel(tutorialModel()))).toBe(2 * (2 * twice + 3 * thrice));
    expect(flopsAnImage(compileModel(tutorialModel()))).toBeCloseTo(15.4e6, -5);
  });

  test('a network with branches: two products for each layer that takes the images, three for the others', () => {
    const convolution = { type: 'conv2d' as const, filters: 4, kernelSize: 1 };
    const layers: LayerConfig[] = [
      { ...convolution, name: 'a' },
      { ...convolution, name: 'b', inputs: ['input'] },
      { type: 'add', inputs: ['a', 'b'] },
      { type: 'depthwiseConv2d', kernelSize: 3 },
    ];
    const products = 8 * 8 * (2 * 2 * 3 * 4) + 6 * 6 * (3 * 9 * 4);
    expect(flopsAnImage(compileModel({ inputShape: [8, 8, 3], layers }))).toBe(2 * products);
  });

  test('images/s, GFLOP/s and the fraction of the ceiling follow from the median', () => {
    const { imagesPerSecond, gflops, shareOfCeiling, stepsTimed } = figuresOf(wgrad, {
      batchSize: 22,
      flopsAnImage: 15e6,
      ceiling: 12,
    });
    expect(imagesPerSecond).toBe(200);
    expect(gflops).toBeCloseTo(3, 12);
    expect(shareOfCeiling).toBeCloseTo(0.25, 12);
    expect(stepsTimed).toBe(6);
  });
});

describe('the plan', () => {
  test('every contender trains for the duration of a turn, at least one step', () => {
    expect(planRounds([100, 110, 4000, 900], 32, 3000).steps).toEqual([30, 27, 1, 3]);
  });

  test('slow steps get three rounds, fast ones five', () => {
    expect(planRounds([1200, 1300, 32_000, 7500], 256, 3000).rounds).toBe(3);
    expect(planRounds([100, 110, 4000, 900], 32, 3000).rounds).toBe(5);
    expect(planRounds([100, 110, 20_000, 900], 32, 3000).rounds).toBe(3);
  });

  test('a fast GPU does not require more floats than fit', () => {
    expect(planRounds([0.5, 0.5, 10, 5], 256, 3000).steps).toEqual([200, 200, 200, 200]);
    expect(planRounds([0], 100_000, 3000).steps).toEqual([1]);
  });
});

describe('losses', () => {
  const tensorflowHas = (losses: number[]) => [wgrad, augmented, { ...tensorflow, losses }, jax];

  test('equal losses pass, and those of other images are left out', () => {
    expect(() => checkLosses(all)).not.toThrow();
    expect(() => checkLosses([wgrad, { ...augmented, losses: [9, 9, 9] }, tensorflow, jax])).not.toThrow();
    expect(() => checkLosses(tensorflowHas([2.3005, 2.205, 2.095]))).not.toThrow();
  });

  test('a first loss that differs means that the weights or the images differ', () => {
    expect(() => checkLosses(tensorflowHas([2.305, 2.2, 2.1]))).toThrow(
      /losses of step 1 differ.*\n.*TensorFlow.js 2.305/,
    );
  });

  test('a later loss that differs means that the update differs', () => {
    expect(() => checkLosses(tensorflowHas([2.3, 2.22, 2.1]))).toThrow('losses of step 2 differ');
    expect(() => checkLosses(tensorflowHas([2.3, 2.2, 2.3]))).toThrow('losses of step 3 differ');
  });

  test('NaN differs for any contender', () => {
    for (const place of [0, 2, 3]) {
      const broken = all.map((it, i) => (i === place ? { ...it, losses: [2.3, Number.NaN, 2.1] } : it));
      expect(() => checkLosses(broken)).toThrow('losses of step 2 differ');
    }
  });

  test('only steps that all contenders have done are compared', () => {
    expect(() =>
      checkLosses([measured('wgrad', [1], [2.3, 2.2, 7]), measured('jax-js', [1], [2.3, 2.2])]),
    ).not.toThrow();
  });
});

test('the table has a row for each contender, and the line only the peers', () => {
  const text = peersTable(all, { batchSize: 32, flopsAnImage: 15.4e6, ceiling: 11.4 });
  expect(text).toContain('batch 32, 3 rounds');
  expect(text).toMatch(
    /│ wgrad +│ +1\.23 │ +110 │ +100 to 200 │ +290\.9 │ +4\.48 │ +39\.3 % │ +6 │ +2\.3000, 2\.1000 │/,
  );
  expect(text.split('\n').filter((line) => line.startsWith('│'))).toHaveLength(5);
  expect(ratioLine(all, 32)).toBe(
    'wgrad does at batch 32, in images/s: 30.0 x TensorFlow.js (28.0 to 31.0), 7.0 x jax-js (6.5 to 7.3)',
  );
});
