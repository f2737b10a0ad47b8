import { describe, expect, test } from 'vitest';
import { pairLine } from '../../src/cli/comparison_report.ts';
import { comparePairs, type PairRecord, paragraphOf, type Row, type Subject } from '../../src/index.ts';
import { madePairs } from './made_twins.ts';

// B's loss is about 0.2 lower and its norm about half of A's, whatever the seed.
const pairs = madePairs([
  [
    { loss: 1, norm: 0.1 },
    { loss: 0.81, norm: 0.052 },
  ],
  [
    { loss: 1.2, norm: 0.2 },
    { loss: 1, norm: 0.1 },
  ],
  [
    { loss: 0.9, norm: 0.3 },
    { loss: 0.7, norm: 0.15 },
  ],
  [
    { loss: 1.1, norm: 0.15 },
    { loss: 0.89, norm: 0.074 },
  ],
]);
const comparison = comparePairs(pairs, 2);
const rowOf = (rows: readonly Row[], figure: string, layer?: string): Row =>
  rows.find((row) => row.figure === figure && row.layer === layer)!;
const subject: Subject = {
  variable: 'augmentation',
  a: 'none',
  b: 'tutorial',
  seeds: [0, 1, 2, 3],
  epochs: 2,
  broken: { a: 0, b: 0 },
};

describe('rows', () => {
  const { summary, byEpoch, cosines } = comparison;

  test('outcomes are compared by differences, sizes of gradients by ratios', () => {
    const loss = rowOf(summary, 'training loss');
    expect(loss.a.mean).toBeCloseTo(1.05, 12);
    expect(loss.test.difference).toMatchObject({ mean: expect.closeTo(0.2, 12), n: 4 });
    expect(loss).toMatchObject({ scale: 'linear', differs: true });
    const early = rowOf(summary, 'early gradient norm', 'dense');
    expect(early.scale).toBe('log');
    expect(early.a.mean).toBeCloseTo((0.1 * 0.2 * 0.3 * 0.15) ** 0.25, 12);
    expect(early.test.difference.mean).toBeCloseTo(((0.1 * 2 * 2 * 0.15) / 0.052 / 0.074) ** 0.25, 12);
    expect(rowOf(summary, 'late gradient norm', 'dense').a.mean).toBeCloseTo(2 * early.a.mean, 12);
    expect(rowOf(summary, 'drift of the gradient norm (log10)', 'dense').a.mean).toBeCloseTo(Math.log10(2), 12);
  });

  test('the gap is between validation and plain training images, by the same weights', () => {
    expect(rowOf(summary, 'gap in loss').a.mean).toBeCloseTo(0.25, 12);
    expect(rowOf(summary, 'gap in accuracy').a.mean).toBeCloseTo(0.25, 12);
    expect(rowOf(summary, 'gradient noise scale').a.mean).toBeCloseTo(4, 12);
    expect(rowOf(summary, 'time healthy', 'dense').a.mean).toBe(1);
  });

  test('accuracies, shares and cosines have intervals within their bounds', () => {
    const spread = pairs.map((pair, i) => ({
      ...pair,
      cosines: pair.cosines.map(({ layers }) => ({ whole: [0.9, 0.2, -0.8, 0.99][i]!, layers })),
      a: { ...pair.a, epochs: pair.a.epochs.map((it) => ({ ...it, validationAccuracy: [0.1, 0.99, 1, 0.98][i]! })) },
    }));
    const compared = comparePairs(spread, 2);
    const { a, test, scale } = rowOf(compared.summary, 'validation accuracy');
    expect(scale).toBe('share');
    expect(a.high).toBeLessThan(1);
    expect(a.low).toBeGreaterThan(0);
    expect(test.difference.high).toBeLessThan(1);
    for (const { estimate } of compared.cosines.filter(({ layer }) => layer === undefined)) {
      expect(estimate.low).toBeGreaterThan(-1);
      expect(estimate.high).toBeLessThan(1);
    }
    expect(rowOf(compared.summary, 'time healthy', 'dense').scale).toBe('share');
    expect(rowOf(compared.summary, 'gap in accuracy').scale).toBe('shareDifference');
  });

  test('what never was in either twin is no row, what is equal in every pair is not tested', () => {
    expect(summary.some(({ figure }) => figure === 'time dead' || figure === 'dead share')).toBe(false);
    expect(rowOf(summary, 'update ratio', 'dense')).toMatchObject({ differs: false, adjusted: Number.NaN });
  });

  test('each list is corrected for its own tests', () => {
    const tested = (rows: readonly Row[]) => rows.filter(({ test }) => !Number.isNaN(test.p));
    for (const rows of [summary, byEpoch]) {
      const least = tested(rows).toSorted((x, y) => x.test.p - y.test.p)[0]!;
      expect(least.adjusted).toBeCloseTo(least.test.p * tested(rows).length, 12);
    }
    expect(byEpoch.filter(({ figure }) => figure === 'validation loss').map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(cosines.map(({ epoch, layer, estimate: { mean } }) => [epoch, layer, mean])).toEqual([
      [1, undefined, 0.5],
      [2, undefined, 0.5],
      [2, 'dense', 0.25],
    ]);
  });

  test('a layer without any gradient is compared by differences', () => {
    const silent = madePairs([
      [
        { loss: 1, norm: 0 },
        { loss: 1, norm: 0.5 },
      ],
      [
        { loss: 1, norm: 0 },
        { loss: 1, norm: 0.6 },
      ],
    ]);
    const row = rowOf(comparePairs(silent, 2).summary, 'early gradient norm', 'dense');
    expect(row).toMatchObject({ scale: 'linear', a: { mean: 0 }, test: { difference: { n: 2 } } });
  });

  test('a twin that broke off has no end: its pair is not counted there', () => {
    const [first, ...rest] = pairs;
    const broken = { ...first!, b: { ...first!.b, epochs: first!.b.epochs.slice(0, 1) } };
    const { summary, byEpoch } = comparePairs([broken, ...rest], 2);
    expect(rowOf(summary, 'validation loss')).toMatchObject({
      a: { n: 4 },
      b: { n: 3 },
      test: { difference: { n: 3 } },
    });
    expect(byEpoch.find(({ epoch }) => epoch === 1)!.test.difference.n).toBe(4);
  });
});

describe('the paragraph', () => {
  test('says what differed, by how much, of how many tests, and what did not', () => {
    const text = paragraphOf(comparison, subject);
    const tested = comparison.summary.filter(({ test }) => !Number.isNaN(test.p));
    const differing = tested.filter(({ differs }) => differs);
    expect(differing.length).toBeGreaterThan(2);
    expect(text).toContain('4 pairs of twins, one per seed, 2 epochs each: A with augmentation none, B with tutorial');
    expect(text).toContain(`Of ${tested.length} figures tested`);
    expect(text).toContain(`${differing.length} differed beyond noise`);
    expect(text).toContain('The training loss was higher with A than with B by 0.2 (');
    expect(text).toMatch(/early gradient norm of dense was 1\.98\d* times as large with A as with B/);
    // The results come before the tests.
    expect(text.split('\n\n').map((part) => part.slice(0, 10))).toEqual([
      '4 pairs of',
      'On average',
      'Of 6 figur',
      'No differe',
    ]);
    expect(text).toContain('Every layer was healthy throughout');
    expect(text).toContain('cosine of 0.5');
  });

  test('claims nothing where chance is enough', () => {
    const alike = madePairs([
      [
        { loss: 1, norm: 0.1 },
        { loss: 1.1, norm: 0.11 },
      ],
      [
        { loss: 1.2, norm: 0.2 },
        { loss: 1.1, norm: 0.18 },
      ],
      [
        { loss: 0.9, norm: 0.3 },
        { loss: 0.95, norm: 0.31 },
      ],
    ]);
    const text = paragraphOf(comparePairs(alike, 2), { ...subject, seeds: [0, 1, 2] });
    expect(text).toContain('none differed beyond noise');
    expect(text).toContain('No difference beyond noise was found in training loss');
    expect(text).toMatch(/no proof of equality: A's validation loss minus B's may lie anywhere from -\S+ to 0/);
    expect(text).not.toMatch(/higher|as large/);
  });

  test('a ratio near one is reported in per cent', () => {
    const near = madePairs([
      [
        { loss: 1, norm: 0.1 },
        { loss: 1, norm: 0.102 },
      ],
      [
        { loss: 1, norm: 0.2 },
        { loss: 1, norm: 0.204 },
      ],
      [
        { loss: 1, norm: 0.3 },
        { loss: 1, norm: 0.306001 },
      ],
    ]);
    expect(paragraphOf(comparePairs(near, 2), { ...subject, seeds: [0, 1, 2] })).toMatch(
      /early gradient norm of dense was smaller with A than with B by 1\.961 %/,
    );
  });

  test('one pair is no test; twins that are equal have none; a run that broke off is reported', () => {
    const [first] = pairs;
    const end = ({ epochs }: PairRecord['a']) =>
      `a validation loss of ${epochs[1]!.validationLoss} and an accuracy of ${100 * epochs[1]!.validationAccuracy!} %`;
    expect(paragraphOf(comparePairs([first!], 2), { ...subject, seeds: [0] })).toContain(
      `A ended with ${end(first!.a)}, B with ${end(first!.b)}. `,
    );
    const broken = pairs.map((pair) => ({ ...pair, b: { ...pair.b, epochs: [], verdicts: [] } }));
    expect(paragraphOf(comparePairs(broken, 2), subject)).toContain('Fewer than 3 pairs have figures for both');
    expect(paragraphOf(comparePairs([broken[0]!], 2), { ...subject, seeds: [0] })).toContain('B with neither');
    const same = pairs.map((pair) => ({ ...pair, b: pair.a }));
    expect(paragraphOf(comparePairs(same, 2), subject)).toContain('equal in every figure of every pair');
    expect(paragraphOf(comparison, { ...subject, broken: { a: 0, b: 3 } })).toContain('early for B in 3 of 4 pairs');
  });

  test('two pairs have means, no interval, and the reason', () => {
    const two = paragraphOf(comparePairs(pairs.slice(0, 2), 2), { ...subject, seeds: [0, 1] });
    expect(two).toContain('Two pairs cannot rule out chance: intervals and tests need at least 3 seeds.');
    expect(two).toContain('cosine of 0.5.');
    expect(two).not.toMatch(/NaN|\(\S+ to /);
  });

  test('layers that vanish in both runs are reported, although there is nothing to test', () => {
    const layers = ['dense', 'dense_1', 'dense_2', 'dense_3'];
    const vanishing = madePairs([
      [
        { loss: 1, norm: 0.1, layers },
        { loss: 1.1, norm: 0.1, layers },
      ],
      [
        { loss: 1, norm: 0.1, layers },
        { loss: 1.2, norm: 0.1, layers },
      ],
    ]).map((pair) => {
      const judged = (twin: typeof pair.a) => ({
        ...twin,
        verdicts: twin.verdicts.map((it) => (it.layer === 'dense_3' ? it : { ...it, verdict: 'vanishing' as const })),
      });
      return { ...pair, a: judged(pair.a), b: judged(pair.b) };
    });
    expect(paragraphOf(comparePairs(vanishing, 2), { ...subject, seeds: [0, 1] })).toContain(
      'Vanishing, in both twins alike: dense to dense_2 for 100 % of the time.',
    );
  });
});

describe('what else runs may measure', () => {
  const made = madePairs([
    [
      { loss: 1, norm: 0.1 },
      { loss: 2, norm: 0.1 },
    ],
    [
      { loss: 1.25, norm: 0.1 },
      { loss: 2.5, norm: 0.1 },
    ],
    [
      { loss: 1.125, norm: 0.1 },
      { loss: 2.25, norm: 0.1 },
    ],
  ]);
  const changed = (change: (twin: PairRecord['a']) => PairRecord['a']) =>
    made.map((pair) => ({ ...pair, a: change(pair.a), b: change(pair.b) }));
  const figures = (of: PairRecord[]) => comparePairs(of, 2).summary.filter(({ layer }) => layer === undefined);

  test('a regression is compared by its loss and its mean absolute error', () => {
    const numbers = changed((twin) => ({
      ...twin,
      epochs: twin.epochs.map(({ accuracy: _, plainAccuracy: __, validationAccuracy: ___, ...epoch }) => ({
        ...epoch,
        ...{ meanAbsoluteError: epoch.loss / 2, plainMeanAbsoluteError: epoch.loss / 4 },
        validationMeanAbsoluteError: epoch.loss,
      })),
    }));
    const names = figures(numbers).map((row) => row.figure);
    expect(names).toContain('validation mean absolute error');
    expect(names).toContain('gap in mean absolute error');
    expect(names.filter((name) => name.includes('accuracy'))).toEqual([]);
    const text = paragraphOf(comparePairs(numbers, 2), { ...subject, seeds: [0, 1, 2] });
    expect(text).toContain('A ended with a validation loss of 1.25 and a mean absolute error of 1.125, B with');
    expect(pairLine(numbers[0]!, 1, 3, 1)).toContain('mean absolute error A 1  B 2');
  });

  test('metrics have rows; a run that stopped early ends with the epoch whose weights it kept', () => {
    const stopped = changed((twin) => ({
      ...twin,
      ...{ finalEpoch: 1, stoppedEarly: { epoch: 2, monitor: 'validationLoss' } },
      epochs: twin.epochs.map((epoch, i) => ({ ...epoch, metrics: { f1Score: 0.25 * (i + 1) } })),
    }));
    const rows = figures(stopped);
    expect(rows.find((row) => row.figure === 'validation f1Score')?.a.mean).toBe(0.25);
    expect(rows.find((row) => row.figure === 'training loss')?.a.mean).toBe(1.625);
    const text = paragraphOf(comparePairs(stopped, 2), { ...subject, seeds: [0, 1, 2], stopped: { a: 3, b: 3 } });
    expect(text).toContain('Early stopping ended A in 3 and B in 3 of 3 pairs');
    expect(pairLine(stopped[0]!, 1, 3, 1)).toContain('A stopped early, after epoch 2');
  });
});
