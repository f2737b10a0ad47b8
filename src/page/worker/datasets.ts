import digitsAddress from '../../../data/digits.csv.gz?url';
import { type DatasetFacts, fetchDatasets, fetchFacts } from '../../data/served.ts';
import { parseDigits, type TrainAndTest } from '../../index.ts';

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

/** The one that was used last: 50 MB are not fetched twice, nor held for each name. */
let loaded: { name: string; datasets: Promise<TrainAndTest> } | undefined;

export function load(name: string): Promise<TrainAndTest> {
  if (name === own) return fetchOwn();
  if (loaded?.name === name) return loaded.datasets;
  const datasets = name === digits ? fetchDigits() : fetchDatasets(name);
  loaded = { name, datasets };
  datasets.catch(() => {
    if (loaded?.datasets === datasets) loaded = undefined;
  });
  return datasets;
}

export async function factsOf(name: string): Promise<DatasetFacts> {
  if (name !== digits && name !== own) return fetchFacts(name);
  const { train, test } = await load(name);
  const { imageShape, classNames } = train;
  return { imageShape, classNames, train: { count: train.count }, test: { count: test.count } };
}

export async function overviewOf(name: string): Promise<DatasetOverview> {
  const { train, test } = await load(name);
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
const fetchOwn = async () => (await forOwn()).ownDatasets();

async function fetchDigits(): Promise<TrainAndTest> {
  const file = await (await fetch(digitsAddress)).arrayBuffer();
  return parseDigits(new Uint8Array(file));
}
