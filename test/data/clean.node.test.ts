import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cleaning, cleanDatasets, createDatasets, type Finding, findings } from '../../src/data/index.ts';
import { ConfigurationError, DataError } from '../../src/errors.ts';
import { anyPair, type Item, indicesIn, itemsOf, naively, partsOf, type WrittenPair } from './made_pairs.ts';

const all: Cleaning = { labels: true, constant: true, conflicts: true, leaks: true, duplicates: true };
const nothing = { labels: [], constant: [], conflicts: [], leaks: [], duplicates: [] };

test('all findings', () => {
  const pair = partsOf({
    train: [
      ['ab', 9], // Invalid class, so the next one is the first of its kind.
      ['ab', 0],
      ['ab', 0],
      ['cc', 1],
      ['ba', 1],
      ['ba', 0],
      ['bc', 1],
    ],
    test: [
      ['cc', 1], // Constant, and therefore not a leak.
      ['ab', 0], // A leak, and therefore not a duplicate.
      ['ab', 0],
      ['zx', 1],
      ['zx', 1],
    ],
    classNames: ['cat', 'dog'],
  });
  const { train, test, dropped } = cleanDatasets(pair, all);
  expect(dropped).toEqual({
    train: { labels: [0], constant: [3], conflicts: [4, 5], leaks: [], duplicates: [2] },
    test: { labels: [], constant: [0], conflicts: [], leaks: [1, 2], duplicates: [4] },
  });
  expect({ train, test }).toEqual(
    createDatasets(
      partsOf({
        train: [
          ['ab', 0],
          ['bc', 1],
        ],
        test: [['zx', 1]],
        classNames: ['cat', 'dog'],
      }),
    ),
  );
});

test('if nothing is selected or found, the same memory is returned', () => {
  const pair = partsOf({
    train: [
      ['ab', 0],
      ['ab', 0],
    ],
    test: [['ba', 0]],
  });
  for (const cleaning of [{}, { duplicates: false }, { leaks: true }]) {
    const { train, dropped } = cleanDatasets(pair, cleaning);
    expect(train.images).toBe(pair.train.images);
    expect(dropped).toEqual({ train: nothing, test: nothing });
  }
});

test('the original data sets are not changed', () => {
  const written: WrittenPair = {
    train: [
      ['ab', 0],
      ['ab', 0],
      ['cc', 0],
    ],
    test: [['ba', 0]],
  };
  const pair = partsOf(written);
  expect(cleanDatasets(pair, all).train.count).toBe(1);
  expect(pair).toEqual(partsOf(written));
});

test('findings are applied in order, each to the images that are left', () => {
  const anyCleaning = fc.subarray([...findings]);
  let refused = 0;
  fc.assert(
    fc.property(anyPair, anyCleaning, (pair, chosen) => {
      const expected = cleanNaively(pair, chosen);
      const cleaning = Object.fromEntries(chosen.map((finding) => [finding, true]));
      const clean = () => cleanDatasets(partsOf(pair), cleaning);
      const left = (part: 'train' | 'test') => expected.left.filter((it) => it.part === part);
      const badLabelStays = expected.left.some((it) => naively.labels(it, [], 3));
      if (badLabelStays || left('train').length === 0 || left('test').length === 0) {
        refused++;
        expect(clean).toThrow(DataError);
        return;
      }
      const cleaned = clean();
      for (const part of ['train', 'test'] as const) {
        expect([...cleaned[part].labels]).toEqual(left(part).map(({ label }) => label));
        expect(String.fromCharCode(...cleaned[part].images)).toBe(
          left(part)
            .map(({ image }) => image)
            .join(''),
        );
        for (const finding of findings) {
          expect(cleaned.dropped[part][finding]).toEqual(indicesIn(part, expected.dropped[finding] ?? []));
        }
      }
    }),
    { numRuns: 1000 },
  );
  expect(refused).toBeLessThan(900); // Otherwise nothing would have been compared.
});

function cleanNaively(pair: WrittenPair, chosen: Finding[]) {
  let left = itemsOf(pair);
  const dropped: Partial<Record<Finding, Item[]>> = {};
  for (const finding of findings.filter((finding) => chosen.includes(finding))) {
    const before = left;
    dropped[finding] = before.filter((it) => naively[finding](it, before, 3));
    left = before.filter((it) => !naively[finding](it, before, 3));
  }
  return { left, dropped };
}

describe('rejected', () => {
  const pair = partsOf({
    train: [
      ['ab', 0],
      ['ab', 7],
    ],
    test: [['ab', 0]],
    classNames: ['cat'],
  });

  test('an invalid label that is kept, with its index in the original', () => {
    const clean = () => cleanDatasets(pair, { constant: true });
    expect(clean).toThrow(DataError);
    expect(clean).toThrow(/training image 1 is outside the classes.*found: 7.*--clean labels/s);
  });

  test('a part without remaining images', () => {
    const clean = () => cleanDatasets(pair, { labels: true, leaks: true });
    expect(clean).toThrow(DataError);
    expect(clean).toThrow(/leave no test image.*1 dropped for leaks/s);
  });

  test('an invalid option', () => {
    const clean = () => cleanDatasets(pair, { duplicate: true } as Cleaning);
    expect(clean).toThrow(ConfigurationError);
    expect(clean).toThrow(/duplicate.*duplicates/s);
    expect(() => cleanDatasets(pair, { leaks: 'yes' } as never)).toThrow(/leaks.*found: "yes"/s);
  });
});
