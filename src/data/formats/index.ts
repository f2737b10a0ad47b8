import { cifar10Format } from './cifar.ts';
import { cifar100Format } from './cifar100.ts';
import type { DataFormat } from './data_format.ts';
import { idxFormat } from './idx.ts';
import { matlabFormat } from './matlab.ts';
import { numpyFormat } from './numpy.ts';
import { parquetFormat } from './parquet.ts';
import { pictureFormat, unlabeledPictures } from './pictures.ts';
import { pixelTableFormat } from './pixel_table.ts';

/** All readable formats, in the order in which they are tried. */
export const dataFormats: readonly DataFormat[] = [
  idxFormat,
  cifar10Format,
  cifar100Format,
  pictureFormat,
  numpyFormat,
  parquetFormat,
  matlabFormat,
  pixelTableFormat,
  unlabeledPictures,
];

const [idx, cifar10, cifar100, pictures, ...others] = dataFormats.map(({ readable }) => readable).filter(Boolean);

/** Readable list of the formats that wgrad reads. */
export const readableFiles = `${[pictures, idx, cifar10, cifar100, ...others].join(', ')}; plain, as .gz, or in zip and tar archives`;
