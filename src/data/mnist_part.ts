import { digitNames } from './class_names.ts';
import type { TrainAndTest } from './dataset.ts';
import { parseIdxDataset } from './idx.ts';
import { type DatasetFacts, fetchFile } from './served_datasets.ts';

/**
 * The part of MNIST that `npm run build` places next to the page, for static servers: the first images of both parts. It makes up
 * most of the installed package, so it contains only as many images as a first run needs.
 */
export const mnistPart = {
  train: { count: 6_000, of: 60_000 },
  test: { count: 2_000, of: 10_000 },
  /** Folder of its files, relative to the page. */
  folder: 'mnist-part/',
  files: {
    train: { images: 'train-images-idx3-ubyte.gz', labels: 'train-labels-idx1-ubyte.gz' },
    test: { images: 't10k-images-idx3-ubyte.gz', labels: 't10k-labels-idx1-ubyte.gz' },
  },
} as const;

export const mnistPartFacts: DatasetFacts = {
  imageShape: [28, 28, 1],
  classNames: [...digitNames],
  train: { count: mnistPart.train.count },
  test: { count: mnistPart.test.count },
};

/** @param base URL of the page, whose folder contains the files. */
export async function fetchMnistPart(base: string): Promise<TrainAndTest> {
  const read = async ({ images, labels }: { images: string; labels: string }) => {
    const bytes = await Promise.all([images, labels].map((name) => fetchFile(base + mnistPart.folder + name)));
    return parseIdxDataset({
      images: bytes[0]!,
      labels: bytes[1]!,
      classNames: digitNames,
      names: { images, labels },
    });
  };
  const { train, test } = mnistPart.files;
  const [ofTrain, ofTest] = await Promise.all([read(train), read(test)]);
  return { train: ofTrain, test: ofTest };
}
