import { existsSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { datasetNames, isDatasetName } from '../../data/index.ts';
import { ConfigurationError, type WgradError } from '../../errors.ts';

/** The location of a data set: with a queue, the data set has the same name on all machines, and its folder is below `--data`. */
export const placeOf = ({ queue, data }: { queue?: unknown; data?: string }, dataset: string): string =>
  queue === undefined ? dataset : datasetBelow(data, dataset);

/**
 * The folder of a data set named by a job: a subfolder of `--data`, or the known name itself.
 *
 * @throws ConfigurationError for any other path.
 */
export function datasetBelow(folder: string | undefined, name: string): string {
  if (isDatasetName(name)) return name;
  const refuse = (found: string, fix: string): WgradError =>
    new ConfigurationError({
      what: `The data set ${name} is not below the folder of --data`,
      found,
      expected: `${datasetNames.join(', ')}, or a folder below that of --data, named from there`,
      fix,
    });
  if (folder === undefined) throw refuse('no --data', 'give --data <folder> here and to every worker');
  const root = realpathSync(folder);
  const path = resolve(root, name);
  if (!existsSync(path)) throw refuse(`no ${path}`, 'copy it there');
  const isBelow = path.startsWith(root + sep) && realpathSync(path).startsWith(root + sep);
  if (!isBelow || name !== name.trim())
    throw refuse(realpathSync(path), 'name it from the folder of --data on, without ..');
  return path;
}
