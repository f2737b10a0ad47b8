import digitsAddress from '../../../data/digits.csv.gz?url';
import { type DatasetFacts, fetchDatasets, fetchFacts } from '../../data/served.ts';
import { type Finding, parseDigits, type TrainAndTest, type TrainAndTestParts } from '../../index.ts';
import type { Findings } from './cleaning.ts';

/** What there is to see of a data set once its bytes are there. */
export interface DatasetOverview {
  /** Images of each class. */
  counts: { train: number[]; test: number[] };
  /** The first training image of each class, bytes as they are; undefined where a class has none. */
  samples: (Uint8Array<ArrayBuffer> | undefined)[];
}

/** The only data set that needs no server: it is part of the page. */
const digits = 'digits';
/** What somebody brought. */
const own = 'own';

/** Which images: a data set, and what is left out of it. */
export interface Source {
  dataset: string;
  clean: readonly Finding[];
}

/** The one that was used last: 50 MB are not fetched twice, nor held for each name. */
let loaded: { name: string; datasets: Promise<TrainAndTest> } | undefined;
/** What was left of one, likewise. */
let left: { of: TrainAndTestParts; clean: string; datasets: TrainAndTest } | undefined;

/** As they were fetched or brought. */
async function whole(name: string): Promise<TrainAndTestParts> {
  if (name === own) return (await forOwn()).ownParts();
  if (loaded?.name === name) return loaded.datasets;
  const datasets = name === digits ? fetchDigits() : fetchDatasets(name);
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
  if (dataset !== digits && dataset !== own && clean.length === 0) return fetchFacts(dataset);
  const { train, test } = await load(source);
  const { imageShape, classNames } = train;
  return { imageShape, classNames, train: { count: train.count }, test: { count: test.count } };
}

/** Looks through all images for what may be wrong with them. */
export const inspect = async (name: string): Promise<Findings> => (await forCleaning()).findingsIn(await whole(name));

export async function overviewOf(source: Source): Promise<DatasetOverview> {
  const { train, test } = await load(source);
  const { imageShape, classNames, images, labels } = train;
  const bytes = imageShape.reduce((a, b) => a * b, 1);
  const counts = (labels: Uint8Array) => {
    const each = classNames.map(() => 0);
    for (const label of labels) each[label]!++;
    return each;
  };
  const samples = classNames.map((_, label) => {
    const at = labels.indexOf(label);
    return at < 0 ? undefined : images.slice(at * bytes, (at + 1) * bytes);
  });
  return { counts: { train: counts(train.labels), test: counts(test.labels) }, samples };
}

/** Readers of pictures and of other files are fetched by whoever brings some. */
export const forOwn = () => import('./own_data.ts');
/** And by whoever wants some left out. */
const forCleaning = () => import('./cleaning.ts');

async function fetchDigits(): Promise<TrainAndTest> {
  const file = await (await fetch(digitsAddress)).arrayBuffer();
  return parseDigits(new Uint8Array(file));
}
