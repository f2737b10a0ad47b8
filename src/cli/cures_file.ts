import { existsSync, readFileSync } from 'node:fs';
import { ConfigurationError } from '../errors.ts';
import type { CuresFile } from '../report/cures_file.ts';
import { requireSameConfiguration } from './comparison_file.ts';
import { writeWhole } from './whole_file.ts';

export function writeCures(path: string, file: CuresFile, write = writeWhole): void {
  const { runs, ...rest } = file;
  // One run per line, so that the diff of a file under version control is readable.
  const lines = runs.map((run) => JSON.stringify(run)).join(',\n');
  write(path, `${JSON.stringify(rest).slice(0, -1)},\n"runs":[\n${lines}\n]}\n`);
}

/**
 * The runs in the file of an interrupted test of cures.
 *
 * @throws ConfigurationError for a file of another kind, configuration, adapter or version, or with runs of seeds that were not
 *   requested.
 */
export function finishedRuns(path: string, now: CuresFile): Pick<CuresFile, 'runs' | 'seconds'> | undefined {
  if (!existsSync(path)) return undefined;
  const file = readCuresFile(path);
  requireSameConfiguration('test of cures', path, file, now);
  const unasked = file.runs.find(({ seed }) => !now.seeds.includes(seed));
  if (unasked) {
    throw new ConfigurationError({
      what: 'The file has runs for seeds that are not part of this comparison',
      found: `${path}: seed ${unasked.seed}`,
      expected: `seeds ${now.seeds[0]} to ${now.seeds.at(-1)}`,
      fix: 'use at least as many --seeds as the file has',
    });
  }
  return { runs: file.runs, seconds: file.seconds };
}

function readCuresFile(path: string): CuresFile {
  const wrong = (found: string) =>
    new ConfigurationError({
      what: 'The file of --json is not a test of cures',
      found: `${path}: ${found}`,
      fix: 'choose another file, or delete this one',
    });
  let file: Partial<CuresFile> | null;
  try {
    file = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw wrong((error as Error).message);
  }
  if (file?.kind !== 'wgrad cures' || !Array.isArray(file.runs)) throw wrong('something else');
  if (file.format !== 1) throw wrong(`format ${file.format}, and this wgrad reads 1`);
  return file as CuresFile;
}
