import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { epochColumns } from '../../src/cli/epoch_columns.ts';
import { CsvFile } from '../../src/formats/csv_file.ts';
import { fillMetrics } from '../../src/model/metrics/index.ts';
import { stepOf, verdictOf } from './health_events.ts';
import { temporaryFolder } from './wgrad.ts';

/** Parses one line of RFC 4180. */
const cellsOf = (line: string) =>
  [...`${line},`.matchAll(/("(?:[^"]|"")*"|[^,]*),/g)].map(([, cell]) =>
    cell!.startsWith('"') ? cell!.slice(1, -1).replaceAll('""', '"') : cell!,
  );

function rowsOf(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n').map(cellsOf);
  expect(new Set(head).size).toBe(head!.length);
  return lines.map((cells) => {
    expect(cells).toHaveLength(head!.length);
    return Object.fromEntries(cells.map((cell, i) => [head![i]!, cell]));
  });
}

test('one row per step, written as soon as it is reported', () => {
  const path = join(temporaryFolder(), 'run.csv');
  const file = new CsvFile(path);
  file.add([stepOf(1), stepOf(2), verdictOf('dense', 'vanishing', 1)]);
  // The file is not closed, as in a crash.
  const [first, second] = rowsOf(path);
  expect(first).toMatchObject({ step: '1', epoch: '1', loss: '1.5', skipped: '0', transport: '0.5' });
  expect(first).toMatchObject({
    'dense.kernel.gradientNorm': '1',
    'dense.activation.zeros': '0.75',
    'dense.dead': '3',
  });
  expect(first).toMatchObject({
    'dense.bias.updateRatio': 'NaN',
    'a, "b".gradientNorm': '2',
    'dense.transport': '0.5',
  });
  expect(first).not.toHaveProperty('a, "b".transport');
  // A verdict is part of the step that decided it.
  expect([first!['dense.verdict'], second!['dense.verdict'], second!['a, "b".verdict']]).toEqual(['', 'vanishing', '']);

  file.add([stepOf(3, { bad: true }), verdictOf('dense', 'non-finite', 3)]);
  file.close();
  const rows = rowsOf(path);
  expect(rows.map(({ step }) => step)).toEqual(['1', '2', '3']);
  expect(rows[2]).toMatchObject({
    loss: 'NaN',
    skipped: '1',
    'dense.gradientNorm': 'Infinity',
    'dense.verdict': 'non-finite',
  });
  expect(rows[2]).toMatchObject({ 'nonFinite.layer': 'dense', 'nonFinite.pass': 'gradient' });
  expect(rows[1]).toMatchObject({ 'nonFinite.layer': '', 'nonFinite.pass': '' });
});

test('a float32 is written with the fewest digits that read back as the same number', () => {
  const path = join(temporaryFolder(), 'run.csv');
  const file = new CsvFile(path);
  for (const norm of [0.1, 1 / 3, 16777217, 1e-42, 3.4028235e38].map(Math.fround)) {
    file.add([stepOf(1, { norm })]);
    const text = rowsOf(path).at(-1)!['dense.gradientNorm']!;
    expect(Math.fround(Number(text))).toBe(norm);
    expect(text.length).toBeLessThanOrEqual(14);
  }
  expect(rowsOf(path)[0]!['dense.gradientNorm']).toBe('0.1');
  file.close();
});

test('without health, only the gradient norms', () => {
  const path = join(temporaryFolder(), 'run.csv');
  const file = new CsvFile(path);
  const told = stepOf(1);
  if ('step' in told) delete told.step.health;
  file.add([told]);
  file.close();
  expect(Object.keys(rowsOf(path)[0]!)).toEqual([
    'step',
    'epoch',
    'loss',
    'accuracy',
    'samples',
    'skipped',
    'dense.gradientNorm',
    'a, "b".gradientNorm',
  ]);
});

test("an epoch's last row contains its validation figures, with the names of the history", () => {
  const metrics = fillMetrics(['f1Score', 'balancedAccuracy', 'confusionMatrix', { type: 'recall', name: 'found' }]);
  const columns = epochColumns({ validation: true, metrics }, 2);
  const byClass = (name: string) => [`${name}.0`, `${name}.1`];
  expect(columns).toEqual([
    ...['validationLoss', 'validationAccuracy', 'validationF1Score', ...byClass('validationF1ScoreByClass')],
    ...['validationBalancedAccuracy', 'validationFound', ...byClass('validationFoundByClass')],
  ]);
  expect(epochColumns({ validation: true, accuracy: false }, 1)).toEqual([
    'validationLoss',
    'validationMeanAbsoluteError',
  ]);
  expect(epochColumns({ validation: false, metrics }, 2)).toEqual([]);

  const path = join(temporaryFolder(), 'run.csv');
  const file = new CsvFile(path, 0, columns);
  const epoch = {
    ...{ epoch: 1, loss: 1, seconds: 1, imagesPerSecond: 1, gradientNorms: {} },
    ...{ validationLoss: 0.5, validationF1Score: 0.25, validationF1ScoreByClass: [0.125, Number.NaN] },
  };
  file.add([stepOf(1), stepOf(2), stepOf(3)]);
  // The rows of earlier steps are in the file, and the last one of the epoch is pending.
  expect(rowsOf(path).map(({ step }) => step)).toEqual(['1', '2']);
  file.add([verdictOf('dense', 'healthy', 3), { epoch }]);
  file.add([stepOf(4), stepOf(5), stepOf(6)]);
  const [, second, third, fourth] = rowsOf(path);
  expect(second).toMatchObject({ validationLoss: '', validationF1Score: '' });
  expect(third).toMatchObject({ validationLoss: '0.5', validationF1Score: '0.25', 'dense.verdict': 'healthy' });
  expect(third).toMatchObject({ 'validationF1ScoreByClass.0': '0.125', 'validationF1ScoreByClass.1': 'NaN' });
  expect(third).toMatchObject({ validationFound: '' });
  expect(fourth!.validationLoss).toBe('');
  // If a run ends before the validation, nothing is lost.
  file.close();
  expect(rowsOf(path).map(({ step }) => step)).toEqual(['1', '2', '3', '4', '5', '6']);
});
