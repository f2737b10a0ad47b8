import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseDigits } from '../../src/data/index.ts';
import { DataError } from '../../src/errors.ts';

const row = (values: number[]) => `${values.join(',')}\n`;
const blank = (label: number) => row([...Array(64).fill(0), label]);

test("scikit-learn's digits", async () => {
  const { train, test } = await parseDigits(await readFile(new URL('../../data/digits.csv.gz', import.meta.url)));
  expect([train.count, test.count]).toEqual([1500, 297]);
  expect(train.imageShape).toEqual([8, 8, 1]);
  expect(test.classNames).toHaveLength(10);
  // The first row of the data set is the zero that begins 0 0 5 13 9 1 0 0.
  expect([...train.images.subarray(0, 8)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0].map((v) => Math.round((v * 255) / 16)));
  expect(Math.max(...train.images)).toBe(255);
  const counts = Array(10).fill(0);
  for (const label of [...train.labels, ...test.labels]) counts[label]++;
  expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
});

test.each([
  ['too few rows', blank(0).repeat(297), /truncated.*297 rows/s],
  ['a value too many', blank(0).repeat(300) + row([...Array(65).fill(0), 1]), /Row 301/],
  ['more ink than there is', row([17, ...Array(63).fill(0), 1]) + blank(1).repeat(300), /Row 1 .* not a digit/],
  ['no number', blank(0).repeat(300) + blank(1).replace('0', 'x'), /Row 301/],
  ['no such label', blank(0).repeat(300) + blank(10), /Row 301/],
])('%s', async (_, text, expected) => {
  const error = await parseDigits(new TextEncoder().encode(text)).catch((error) => error);
  expect(error).toBeInstanceOf(DataError);
  expect(error.message).toMatch(expected);
});
