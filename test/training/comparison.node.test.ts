import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Estimate, estimate, fewestSeeds, holm, pairedTest, type Scale } from '../../src/compare/comparison.ts';
import { bothTails, criticalT } from '../../src/compare/student_t.ts';

interface Case {
  a: number[];
  b: number[];
  estimates: { a: Estimate; b: Estimate };
  geometric: Estimate;
  linear: { t: number; p: number; difference: Estimate };
  log: { t: number; p: number; ratio: Estimate };
}

// SciPy's numbers, from make_comparison_fixtures.py.
const fixture: {
  cases: Case[];
  bounded: { scale: Scale; a: number[]; b: number[]; estimate: Estimate; difference: Estimate }[];
  fisher: { values: number[]; low: number; high: number }[];
  student: { n: number; t: number; tails: number; critical: number }[];
  holm: { p: number[]; adjusted: number[] }[];
} = JSON.parse(readFileSync(new URL('../fixtures/comparison.json', import.meta.url), 'utf8'));

/** Nine digits: both compute in float64, with different series. */
function expectClose(found: number, expected: number): void {
  if (!(Math.abs(found - expected) <= 1e-9 * Math.max(Math.abs(expected), 1e-300))) {
    expect.fail(`${found} is not ${expected}`);
  }
}

function expectEstimate(found: Estimate, expected: Estimate): void {
  expect(found.n).toBe(expected.n);
  for (const part of ['mean', 'low', 'high'] as const) expectClose(found[part], expected[part]);
}

describe.each(
  fixture.cases
    .filter(({ a }) => a.length >= fewestSeeds)
    .map((it, i) => [`case ${i} of ${it.a.length} pairs`, it] as const),
)('SciPy, %s', (_, it) => {
  test('mean and interval', () => {
    expectEstimate(estimate(it.a), it.estimates.a);
    expectEstimate(estimate(it.b), it.estimates.b);
    expectEstimate(estimate(it.a, 'log'), it.geometric);
  });

  test('the paired test of differences', () => {
    const { t, p, difference, degreesOfFreedom } = pairedTest(it.a, it.b);
    expectClose(t, it.linear.t);
    expectClose(p, it.linear.p);
    expect(degreesOfFreedom).toBe(it.a.length - 1);
    // A difference of nearly equal numbers has fewer digits than they have.
    const { low, high } = it.linear.difference;
    expect(Math.abs(difference.low - low)).toBeLessThanOrEqual(1e-9 * (high - low));
    expect(Math.abs(difference.high - high)).toBeLessThanOrEqual(1e-9 * (high - low));
  });

  test('the paired test of ratios', () => {
    const { t, p, difference } = pairedTest(it.a, it.b, 'log');
    expectClose(t, it.log.t);
    expectClose(p, it.log.p);
    expectEstimate(difference, it.log.ratio);
  });
});

describe.each(fixture.bounded.map((it, i) => [`${it.scale}, case ${i}`, it] as const))('SciPy, %s', (_, it) => {
  test('the interval stays in bounds', () => {
    expectEstimate(estimate(it.a, it.scale), it.estimate);
    const { difference, p } = pairedTest(it.a, it.b, it.scale);
    expectEstimate(difference, it.difference);
    // The test is Student's, whatever the bounds.
    expect(p).toBe(pairedTest(it.a, it.b).p);
  });
});

test.each(fixture.fisher)("Fisher's z of $values", ({ values, low, high }) => {
  const found = estimate(values, 'cosine');
  expectClose(found.low, low);
  expectClose(found.high, high);
});

test.each(fixture.student)("Student's t of $n degrees of freedom beyond $t", ({ n, t, tails, critical }) => {
  expectClose(bothTails(t, n), tails);
  expect(bothTails(-t, n)).toBe(bothTails(t, n));
  expectClose(criticalT(0.05, n), critical);
  if (t > 0 && tails > 1e-200) expectClose(criticalT(tails, n), t);
});

test("Student's t at its ends", () => {
  expect([bothTails(Infinity, 3), bothTails(Number.NaN, 3), criticalT(1, 3)]).toEqual([0, Number.NaN, 0]);
});

test.each(fixture.holm.map((it, i) => [i, it] as const))("Holm's correction, case %i", (_, { p, adjusted }) => {
  for (const [i, value] of holm(p).entries()) expectClose(value, adjusted[i]!);
});

test('a figure that was not tested changes nothing of the others', () => {
  expect(holm([Number.NaN, 0.01, 0.04, Number.NaN, 0.03])).toEqual([Number.NaN, 0.03, 0.06, Number.NaN, 0.06]);
});

describe('where there is little to say', () => {
  test('one seed has a mean and no interval, none has nothing', () => {
    expect(estimate([3])).toEqual({ mean: 3, low: Number.NaN, high: Number.NaN, n: 1 });
    expect(estimate([])).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN, n: 0 });
    expect(pairedTest([3], [4])).toMatchObject({ difference: { mean: -1, n: 1 }, p: Number.NaN });
  });

  test('two seeds have a mean and no interval, two pairs a difference and no test', () => {
    for (const scale of ['linear', 'log', 'share', 'cosine'] as const) {
      expect(estimate([0.33, 0.35], scale)).toMatchObject({ low: Number.NaN, high: Number.NaN, n: 2 });
      const { difference, t, p } = pairedTest([0.4, 0.6], [0.2, 0.3], scale);
      expect([difference.low, difference.high, t, p]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
      expect(difference.mean).not.toBeNaN();
    }
  });

  test.each([
    ['share', [1, 1, 1], 1],
    ['share', [0, 0, 0], 0],
    ['cosine', [-1, -1, -1], -1],
    ['cosine', [1 + 2 ** -23, 1, 1], 1],
  ] as const)('%s of %j, all at a bound: the interval is that bound', (scale, values, bound) => {
    const { low, high } = estimate(values, scale);
    expect(low).toBeCloseTo(bound, 6);
    expect(high).toBeCloseTo(bound, 6);
  });

  test('no interval of what has bounds goes over them, and each holds its mean', () => {
    const bounds = { share: [0, 1], shareDifference: [-1, 1], cosine: [-1, 1] } as const;
    fc.assert(
      fc.property(
        fc.constantFrom('share', 'shareDifference', 'cosine'),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 9 }),
        (scale, shares) => {
          const [least, most] = bounds[scale];
          const { mean, low, high } = estimate(
            shares.map((share) => least + (most - least) * share),
            scale,
          );
          const slack = 1e-12;
          expect(low).toBeGreaterThanOrEqual(least - slack);
          expect(high).toBeLessThanOrEqual(most + slack);
          expect(low).toBeLessThanOrEqual(mean + slack);
          expect(high).toBeGreaterThanOrEqual(mean - slack);
        },
      ),
    );
  });

  test('twins that are equal in every pair are not tested', () => {
    expect(pairedTest([1, 2, 3], [1, 2, 3])).toMatchObject({ difference: { mean: 0 }, p: Number.NaN });
  });

  test('the same difference in every pair leaves no noise to hold it against', () => {
    expect(pairedTest([2, 3, 4], [1, 2, 3])).toMatchObject({ difference: { mean: 1, low: 1, high: 1 }, p: Number.NaN });
  });

  test('a run that broke off leaves its pair out, and the number of pairs says so', () => {
    expect(estimate([1, Number.NaN, 3, undefined]).n).toBe(2);
    const { difference, degreesOfFreedom } = pairedTest([1, Number.NaN, 3, 5], [0, 1, undefined, 1]);
    expect(difference).toMatchObject({ mean: 2.5, n: 2 });
    expect(degreesOfFreedom).toBe(1);
    expect(pairedTest([1, 0, 2], [1, 1, 3], 'log').difference.n).toBe(2);
  });
});
