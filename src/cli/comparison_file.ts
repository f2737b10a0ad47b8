import { existsSync, readFileSync } from 'node:fs';
import type { PairRecord } from '../compare/twin_record.ts';
import { ConfigurationError } from '../errors.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import type { ComparisonFile } from '../report/comparison_file.ts';
import { leavesOf } from './leaves.ts';
import { writeWhole } from './whole_file.ts';

/** JSON has no NaN, so the file contains null instead. */
const parseFigures = (text: string): unknown => JSON.parse(text, (_, value) => (value === null ? Number.NaN : value));

export function writeComparison(path: string, file: ComparisonFile): void {
  writeWhole(path, `${JSON.stringify(file)}\n`);
}

/** @returns undefined if the file does not exist yet. @throws ConfigurationError for a file that is not a comparison. */
export function readComparison(flag: string, path: string): ComparisonFile | undefined {
  if (!existsSync(path)) return undefined;
  const wrong = (found: string) =>
    new ConfigurationError({ what: `${flag} names a file that is not a comparison`, found: `${path}: ${found}` });
  let file: unknown;
  try {
    file = parseFigures(readFileSync(path, 'utf8'));
  } catch (error) {
    throw wrong((error as Error).message);
  }
  const { kind, format, pairs, config } = (file ?? {}) as Partial<ComparisonFile>;
  if (kind !== 'wgrad comparison' || !Array.isArray(pairs) || typeof config !== 'object') throw wrong('something else');
  if (format !== 1) throw wrong(`format ${format}, and this wgrad reads 1`);
  return file as ComparisonFile;
}

/**
 * The pairs in the file of an interrupted comparison.
 *
 * @throws ConfigurationError if the file is of another configuration, adapter or version, with the differences; or has pairs that
 *   were not requested.
 */
export function finishedPairs(path: string, file: ComparisonFile, now: Omit<ComparisonFile, 'pairs'>): PairRecord[] {
  requireSameConfiguration('comparison', path, file, now);
  const unasked = file.pairs.filter(({ seed }) => !now.seeds.includes(seed)).map(({ seed }) => seed);
  if (unasked.length > 0) {
    throw new ConfigurationError({
      what: 'The file has pairs for seeds that are not part of this comparison',
      found: `${path}: ${unasked.join(', ')}`,
      expected: `seeds ${now.seeds[0]} to ${now.seeds.at(-1)}`,
      fix: 'use at least as many --seeds as the file has',
    });
  }
  return file.pairs;
}

/** Everything that determines the figures in a file, except for the seeds. */
interface Configured {
  command: string;
  versions: { wgrad: string };
  adapter: AdapterFacts;
  config: object;
}

/** @throws ConfigurationError if a file has a different configuration than the requested one, with the differences. */
export function requireSameConfiguration(kind: string, path: string, file: Configured, now: Configured): void {
  const leaves = ({ config, adapter, versions }: Configured) =>
    leavesOf({ ...config, adapter, 'wgrad version': versions.wgrad });
  const [found, wanted] = [leaves(file), leaves(now)];
  const differing = [...new Set([...found.keys(), ...wanted.keys()])].filter(
    (name) => found.get(name) !== wanted.get(name),
  );
  if (differing.length === 0) return;
  const shown = differing
    .slice(0, 4)
    .map((name) => `${name} is ${found.get(name) ?? 'not'} there and ${wanted.get(name) ?? 'not'} here`);
  if (differing.length > shown.length) shown.push(`${differing.length - shown.length} more`);
  throw new ConfigurationError({
    what: `The file was made by another ${kind}`,
    found: `${path}: ${shown.join('; ')}`,
    expected: 'the configuration of this command',
    fix: `to continue it, run the command that started it: ${file.command}`,
  });
}
