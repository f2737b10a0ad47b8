import { DataError } from '../errors.ts';
import { digitNames } from './class_names.ts';
import { createDataset, type TrainAndTest } from './dataset.ts';
import { gunzip } from './gunzip.ts';
import { isGzip } from './gzip_format.ts';

const side = 8;
const pixels = side * side;
/** Maximum pixel value: the number of set dots among the 4 x 4 dots of the scan that a pixel covers. */
const mostInk = 16;

/**
 * The digits have no official split. They are in the order of collection, so the end contains writers that the beginning doesn't;
 * scikit-learn's examples also test on the end.
 */
export const digitsTestCount = 297;

/**
 * Parses scikit-learn's digits (its file digits.csv.gz): 1,797 images of 8 x 8 with values 0 to 16, scaled to bytes by round(v *
 * 255 / 16). The last 297 rows are the test set. Throws a DataError for an invalid row.
 */
export async function parseDigits(file: Uint8Array, name = 'The file of digits'): Promise<TrainAndTest> {
  const text = new TextDecoder().decode(isGzip(file) ? await gunzip(file, name) : file);
  const rows = text.split('\n').filter((row) => row.trim() !== '');
  if (rows.length <= digitsTestCount) {
    throw new DataError({
      what: `${name} is truncated`,
      found: `${rows.length} rows`,
      expected: `more than ${digitsTestCount}, because the last ${digitsTestCount} are the test set`,
    });
  }
  const images = new Uint8Array(rows.length * pixels);
  const labels = new Uint8Array(rows.length);
  rows.forEach((row, at) => {
    const values = row.split(',').map(Number);
    const ink = values.slice(0, pixels);
    const label = values[pixels]!;
    const fits = ink.every((value) => Number.isInteger(value) && value >= 0 && value <= mostInk);
    if (values.length !== pixels + 1 || !fits || !(Number.isInteger(label) && label >= 0 && label <= 9)) {
      throw new DataError({
        what: `Row ${at + 1} of ${name} is not a digit`,
        found: row,
        expected: `${pixels} values from 0 to ${mostInk}, then a label from 0 to 9`,
      });
    }
    images.set(
      ink.map((value) => Math.round((value * 255) / mostInk)),
      at * pixels,
    );
    labels[at] = label;
  });
  const split = rows.length - digitsTestCount;
  const part = (from: number, to: number) =>
    createDataset({
      images: images.subarray(from * pixels, to * pixels),
      labels: labels.subarray(from, to),
      imageShape: [side, side, 1],
      classNames: digitNames,
    });
  return { train: part(0, split), test: part(split, rows.length) };
}
