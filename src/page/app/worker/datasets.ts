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

/** What there is to see of a data set once its bytes are there. */
export interface DatasetOverview {
  /** Images of each class. */
  counts: { train: number[]; test: number[] };
  /** The first training image of each class, bytes as they are; undefined where a class has none. */
  samples: (Uint8Array<ArrayBuffer> | undefined)[];
  /** Of images with numbers in place of classes: the first training images, and what values there are of each number. */
  numbers?: { samples: { pixels: Uint8Array<ArrayBuffer>; values: number[] }[]; spreads: NumberSpread[] };
}

/** The values that a number has in the training images. */
export interface NumberSpread {
  least: number;
  mean: number;
  most: number;
}

/** Images that stand for a data set without classes. */
const fewSamples = 10;

/** The data set that is part of the page, all of it. */
const digits = 'digits';
/** And the one that is, in part. */
const mnist = 'mnist';
/** The user's own images. */
const own = 'own';

/** Which images: a data set, and what is left out of it. */
export interface Source {
  dataset: string;
  clean: readonly Finding[];
}

/** The one that was used last: 50 MB are not fetched twice, nor kept once per name. */
let loaded: { name: string; datasets: Promise<TrainAndTest> } | undefined;
/** What was left of one, likewise. */
let left: { of: TrainAndTestParts; clean: string; datasets: TrainAndTest } | undefined;

/** The URL of the page's folder: the built worker lies in a folder of it, and Vite's development server has it at the root. */
const base = new URL('..', location.href).href;

/** How much of a data set there is here. */
export interface Availability {
  /** Training images in the part that there is, where it isn't all of them. */
  part?: { images: number; of: number };
  /** Why there is nothing of it. */
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
  // What was loaded when the server had another part of it is not what its name stands for now.
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

/** Where the server doesn't say why: it has the page's files alone, or nobody has such a data set. */
function absenceOf(name: string): ErrorParts {
  if (!isDatasetName(name)) {
    return { what: 'Unknown data set', found: name, fix: suggest(name, [...datasetNames, own]) };
  }
  return {
    what: `The data set ${name} is not on this server`,
    found: 'a server with the files of this page alone',
    fix: 'start the page on your own machine: npx wgrad dev',
  };
}

/** @throws DataError where there is nothing of it. */
async function isWhole(name: string): Promise<boolean> {
  const { part, missing } = await availabilityOf(name);
  if (missing) throw new DataError(missing);
  return !part;
}

/** As they were fetched, or read from the user's files. */
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
  // Those that are the page's own have been checked.
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

/** LineStyles through all images for what may be wrong with them. */
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

/** Readers of pictures and of other files are fetched by whoever brings some. */
export const forOwn = () => import('./own_data.ts');
/** And by whoever wants some left out. */
const forCleaning = () => import('./cleaning.ts');

/** And by a page whose server has no whole MNIST. */
const forMnistPart = () => import('../../../data/mnist_part.ts');

async function fetchNamed(name: string): Promise<TrainAndTest> {
  if (name === digits) return parseDigits(await fetchFile(digitsAddress));
  if (await isWhole(name)) return fetchDatasets(name, undefined, base);
  return (await forMnistPart()).fetchMnistPart(base);
}
