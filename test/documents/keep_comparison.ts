import { readFileSync, writeFileSync } from 'node:fs';
import { type FigureValues, summaryValues } from '../../src/compare/comparison_rows.ts';
import type { ComparisonFile } from '../../src/report/comparison_file.ts';

/**
 * Extracts from a comparison what its table in a document needs: one value per figure, pair and twin.
 *
 *     npx rolldown test/documents/keep_comparison.ts --platform node --file keep.mjs
 *     node keep.mjs pairs.json docs/data/comparison.json
 */
const [from, to] = process.argv.slice(2) as [string, string];
const parsed = JSON.parse(readFileSync(from, 'utf8'), (_, value) => (value === null ? Number.NaN : value));
const { command, versions, seeds, pairs, config } = parsed as ComparisonFile;
const short = (value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
const measured = ({ a, b }: FigureValues) => [...a, ...b].some(Number.isFinite);
const lines = summaryValues(pairs, config.epochs)
  .filter(measured)
  .map((values) => JSON.stringify(values, (_, value) => short(value)));
// The output file is not part of the command that reproduces the data.
const repeated = command.replace(/ --json \S+/, '');
const about = JSON.stringify({ command: repeated, versions, seeds });
writeFileSync(to, `${about.slice(0, -1)},"figures":[\n${lines.join(',\n')}\n]}\n`);
