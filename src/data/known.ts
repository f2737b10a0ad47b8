import { cifar10Names, digitNames, fashionMnistNames } from './class_names.ts';
import type { ImageShape } from './dataset.ts';
import { digitsTestCount } from './digits.ts';

/** Names of the built-in data sets, as used by `--dataset` and on the page. */
export const datasetNames = ['mnist', 'fashion-mnist', 'digits', 'cifar10'] as const;

export type DatasetName = (typeof datasetNames)[number];

export const isDatasetName = (name: string): name is DatasetName => (datasetNames as readonly string[]).includes(name);

/** Facts about a data set that are known before its files are read. */
export interface KnownDataset {
  imageShape: ImageShape;
  classNames: readonly string[];
  /** Number of images. */
  train: number;
  test: number;
}

export const knownDatasets: Record<DatasetName, KnownDataset> = {
  mnist: { imageShape: [28, 28, 1], classNames: digitNames, train: 60_000, test: 10_000 },
  'fashion-mnist': { imageShape: [28, 28, 1], classNames: fashionMnistNames, train: 60_000, test: 10_000 },
  digits: { imageShape: [8, 8, 1], classNames: digitNames, train: 1_500, test: digitsTestCount },
  cifar10: { imageShape: [32, 32, 3], classNames: cifar10Names, train: 50_000, test: 10_000 },
};
