import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { strengthPlot, strengthRows } from './augmentation_strength.ts';
import { data, tableNames, withTables } from './tables.ts';

const documents = [
  ['what-cures-vanishing-gradients.md', 9],
  ['augmentation-and-gradients.md', 6],
  ['sweeps.md', 1],
] as const;

// With -u the tables are rewritten.
test.each(documents)('the tables of %s match docs/data', async (name, tables) => {
  const path = join(import.meta.dirname, '../../docs', name);
  const text = readFileSync(path, 'utf8');
  expect(tableNames(text)).toHaveLength(tables);
  await expect(withTables(text)).toMatchFileSnapshot(path);
});

test('the picture of the augmentation sweep matches its data', async () => {
  const rows = strengthRows(data('augmentation-strength-results'));
  expect(rows.map(({ accuracies }) => accuracies.length)).toEqual(rows.map(() => 3));
  const path = join(import.meta.dirname, '../../docs/augmentation-strength.svg');
  await expect(strengthPlot(rows)).toMatchFileSnapshot(path);
});

test('a table that differs from its data is detected', () => {
  // Uses correct tables, even while -u rewrites them.
  const text = withTables(readFileSync(join(import.meta.dirname, '../../docs', documents[0][0]), 'utf8'));
  const changed = text.replace(/(?<=\| untreated .*\| 0\.)\d/, (digit) => String((Number(digit) + 1) % 10));
  expect(changed).not.toBe(text);
  expect(withTables(changed)).toBe(text);
});
