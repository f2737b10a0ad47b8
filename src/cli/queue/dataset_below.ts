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
      what: `The data set ${name} is not in the folder of --data`,
      found,
      expected: `${datasetNames.join(', ')}, or the path of a folder in that of --data, relative to it`,
      fix,
    });
  if (folder === undefined) throw refuse('no --data', 'set --data <folder> here and for every worker');
  if (!existsSync(folder)) throw refuse(`no folder ${folder}`, 'set --data to the folder with the data sets');
  const root = realpathSync(folder);
  const path = resolve(root, name);
  const isBelow = (place: string): boolean => place.startsWith(root + sep) && name === name.trim();
  const outside = () => refuse(name, 'use a path relative to the folder of --data, without ..');
  // Paths outside of the folder are never looked up, because the error reaches the queue and would reveal which files this machine has.
  if (!isBelow(path)) throw outside();
  if (!existsSync(path)) throw refuse(`no ${name} there`, 'copy it there');
  if (!isBelow(realpathSync(path))) throw outside();
  return path;
}
