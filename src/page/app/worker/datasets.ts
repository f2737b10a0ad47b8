import digitsAddress from '../../../../data/digits.csv.gz?url';
import type { Dataset, Labels } from '../../../data/dataset.ts';
import { datasetNames, isDatasetName } from '../../../data/known.ts';
import {
  type DatasetFacts,
  fetchDatasets,
  fetchFacts,
  fetchFile,
  fetchServedList,
  type ServedList,
} from '../../../data/served_datasets.ts';
import { DataError, type ErrorParts, suggest } from '../../../errors.ts';
import { type Finding, parseDigits, type TrainAndTest, type TrainAndTestParts } from '../../../index.ts';
import type { Findings } from './cleaning.ts';
import { pixelsAt } from './pixels_at.ts';

/** An overview of a data set, available once its images are loaded. */
export interface DatasetOverview {
  /** Number of images per class. */
  counts: { train: number[]; test: number[] };
  /** The first training image of each class, as unmodified bytes; undefined if a class has none. */
  samples: (Uint8Array<ArrayBuffer> | undefined)[];
  /** For images with numbers instead of classes: the first training images, and the distribution of each number. */
  numbers?: { samples: { pixels: Uint8Array<ArrayBuffer>; values: number[] }[]; spreads: NumberSpread[] };
}

/** The distribution of a target number over the training images. */
export interface NumberSpread {
  least: number;
  mean: number;
  most: number;
}

/** Number of sample images for a data set without classes. */
const fewSamples = 10;

/** The data set that is entirely part of the page. */
const digits = 'digits';
/** The data set of which the page has a part. */
const mnist = 'mnist';
/** The user's images. */
const own = 'own';

/** Identifies a set of images: a data set, and the findings that are left out. */
export interface Source {
  dataset: string;
  clean: readonly Finding[];
}

/** The last data set used, so that 50 MB are not fetched again; only one is kept. */
let loaded: { name: string; datasets: Promise<TrainAndTest> } | undefined;
/** The same after cleaning, also only the last one. */
let left: { of: TrainAndTestParts; clean: string; datasets: TrainAndTest } | undefined;

/** The URL of the page's folder. The built worker is in a subfolder, and Vite's development server serves it from the root. */
const base = new URL('..', location.href).href;

/** How much of a data set is available. */
export interface Availability {
  /** The number of available training images, if only a part is available. */
  part?: { images: number; of: number };
  /** Why none of it is available. */
  missing?: ErrorParts;
}

let served: Promise<ServedList> | undefined;

function servedList(): Promise<ServedList> {
  const list = served ?? fetchServedList(base);
  served = list;
  list.catch(() => {
    if (served === list) served = undefined;
  });
  return list;
}

/** @param names the data sets that the page offers. */
export async function availability(names: readonly string[]): Promise<Record<string, Availability>> {
  const before = served;
  served = undefined;
  const list = await servedList();
  // If the server now has another part of the loaded data set, the loaded images are outdated.
  const known = await before?.catch(() => undefined);
  if (loaded && known && known[loaded.name] !== list[loaded.name]) loaded = undefined;
  const each = names.map(async (name): Promise<[string, Availability]> => [name, await availabilityOf(name)]);
  return Object.fromEntries(await Promise.all(each));
}

async function availabilityOf(name: string): Promise<Availability> {
  if (name === digits || name === own) return {};
  const list = await servedList();
  if (list[name] === null) return {};
  if (name === mnist) {
    const { train } = (await forMnistPart()).mnistPart;
    return { part: { images: train.count, of: train.of } };
  }
  return { missing: list[name] ?? absenceOf(name) };
}

/** The reason if the server gives none: it has only the page's files, or there is no such data set. */
function absenceOf(name: string): ErrorParts {
  if (!isDatasetName(name)) {
    const known = [...datasetNames, own];
    return { what: 'Unknown data set', found: name, expected: known.join(', '), fix: suggest(name, known) };
  }
  return {
    what: `The data set ${name} is not on this server`,
    found: 'a server with the files of this page alone',
    fix: 'start the page on your own machine: npx wgrad dev',
  };
}

/** @throws DataError if none of it is available. */
async function isWhole(name: string): Promise<boolean> {
  const { part, missing } = await availabilityOf(name);
  if (missing) throw new DataError(missing);
  return !part;
}

/** The data set as it was fetched, or read from the user's files. */
async function whole(name: string): Promise<TrainAndTestParts> {
  if (name === own) return (await forOwn()).ownParts();
  if (loaded?.name === name) return loaded.datasets;
  const datasets = fetchNamed(name);
  loaded = { name, datasets };
  datasets.catch(() => {
    if (loaded?.datasets === datasets) loaded = undefined;
  });
  return datasets;
}

export async function load({ dataset, clean }: Source): Promise<TrainAndTest> {
  const of = await whole(dataset);
  // The page's built-in data sets have been checked.
  if (dataset !== own && clean.length === 0) return of as TrainAndTest;
  const out = clean.join();
  if (left?.of !== of || left.clean !== out) {
    const { cleaned } = await forCleaning();
    left = { of, clean: out, datasets: cleaned(of, clean) };
  }
  return left.datasets;
}

export async function factsOf(source: Source): Promise<DatasetFacts> {
  const { dataset, clean } = source;
  if (dataset !== digits && dataset !== own && clean.length === 0) {
    return (await isWhole(dataset)) ? fetchFacts(dataset, undefined, base) : (await forMnistPart()).mnistPartFacts;
  }
  const { train, test } = await load(source);
  const { imageShape, classNames, targetNames, targets } = train;
  return {
    imageShape,
    classNames,
    ...(targets && { targetNames: targetNames!, areYesOrNo: targets.every((value) => value === 0 || value === 1) }),
    train: { count: train.count },
    test: { count: test.count },
  };
}

/** Checks all images for possible problems. */
export const inspect = async (name: string): Promise<Findings> => (await forCleaning()).findingsIn(await whole(name));

export async function overviewOf(source: Source): Promise<DatasetOverview> {
  const { train, test } = await load(source);
  const { classNames, labels } = train;
  const counts = (labels: Labels) => {
    const each = classNames.map(() => 0);
    for (const label of labels) each[label]!++;
    return each;
  };
  const samples = await Promise.all(
    classNames.map(async (_, label) => {
      const at = labels.indexOf(label);
      return at < 0 ? undefined : pixelsAt(train, [at]);
    }),
  );
  const { targets, targetNames } = train;
  return {
    counts: { train: counts(train.labels), test: counts(test.labels) },
    samples,
    ...(targets && { numbers: await numbersIn(train, targets, targetNames!.length) }),
  };
}

async function numbersIn(train: Dataset, targets: Float32Array, outputs: number) {
  const samples = await Promise.all(
    Array.from({ length: Math.min(fewSamples, train.count) }, async (_, i) => ({
      pixels: await pixelsAt(train, [i]),
      values: [...targets.subarray(i * outputs, (i + 1) * outputs)],
    })),
  );
  const spreads = Array.from({ length: outputs }, (_, k): NumberSpread => {
    let [least, sum, most] = [Infinity, 0, -Infinity];
    for (let i = k; i < targets.length; i += outputs) {
      least = Math.min(least, targets[i]!);
      most = Math.max(most, targets[i]!);
      sum += targets[i]!;
    }
    return { least, mean: sum / train.count, most };
  });
  return { samples, spreads };
}

/** The code that reads the user's files is loaded only if it is needed. */
export const forOwn = () => import('./own_data.ts');
/** The code that leaves images out is loaded only if it is needed. */
const forCleaning = () => import('./cleaning.ts');

/** The page's part of MNIST is loaded only if the server does not have all of it. */
const forMnistPart = () => import('../../../data/mnist_part.ts');

async function fetchNamed(name: string): Promise<TrainAndTest> {
  if (name === digits) return parseDigits(await fetchFile(digitsAddress));
  if (await isWhole(name)) return fetchDatasets(name, { base });
  return (await forMnistPart()).fetchMnistPart(base);
}
