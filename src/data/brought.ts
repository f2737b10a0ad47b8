import { DataError } from '../errors.ts';
import { cifar10RecordBytes, parseCifar10Parts } from './cifar.ts';
import type { DatasetParts, TrainAndTestParts } from './dataset.ts';
import { holdOut } from './held_out.ts';
import { parseIdx } from './idx.ts';
import { type PictureOptions, type Pictures, type PlacedFile, readPictures } from './pictures.ts';

const isTest = (path: string) => /t10k|test|val/i.test(nameOf(path));
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/**
 * Reads what somebody has brought, in a browser: batches of CIFAR-10 (.bin), IDX files of images and labels (plain or gzip),
 * or else a folder of pictures. A part whose files have t10k, test or val in their names is for validation; where there is
 * none, every fifth image of a class is held out.
 *
 * @throws DataError where the files are nothing of these, or not what they say.
 */
export async function readBrought(files: readonly PlacedFile[], options: PictureOptions = {}): Promise<Pictures> {
  const batches = files.filter(({ path, file }) => /\.bin$/i.test(path) && file.size % cifar10RecordBytes === 0);
  if (batches.length) return { ...(await readCifar(batches)), skipped: [] };
  const idx = files.filter(({ path }) => /ubyte|idx\d?|\.gz$/i.test(nameOf(path)));
  if (idx.length) return { ...(await readIdx(idx)), skipped: [] };
  return readPictures(files, options);
}

const bytesOf = async ({ file }: PlacedFile) => new Uint8Array(await file.arrayBuffer());

async function readCifar(batches: readonly PlacedFile[]): Promise<TrainAndTestParts> {
  const sorted = [...batches].sort((a, b) => (a.path < b.path ? -1 : 1));
  const parse = async (taken: readonly PlacedFile[]) =>
    parseCifar10Parts(
      await Promise.all(taken.map(bytesOf)),
      taken.map(({ path }) => nameOf(path)),
    );
  return inParts(sorted, parse);
}

async function readIdx(files: readonly PlacedFile[]): Promise<TrainAndTestParts> {
  return inParts(files, async (taken): Promise<DatasetParts> => {
    const arrays = await Promise.all(taken.map(async (each) => parseIdx(await bytesOf(each), nameOf(each.path))));
    const images = arrays.filter(({ shape }) => shape.length > 1);
    const labels = arrays.filter(({ shape }) => shape.length === 1);
    if (images.length !== 1 || labels.length !== 1) {
      throw new DataError({
        what: 'IDX files come in pairs, one of images and one of labels',
        found: taken.map(({ path }, i) => `${nameOf(path)} of ${arrays[i]!.shape.join(' x ')}`).join(', '),
        wanted: 'train-images-idx3-ubyte and train-labels-idx1-ubyte, and the two of t10k for validation',
      });
    }
    const [, height, width, channels = 1] = images[0]!.shape;
    return { images: images[0]!.data, labels: labels[0]!.data, imageShape: [height!, width!, channels] };
  });
}

async function inParts(
  files: readonly PlacedFile[],
  parse: (files: readonly PlacedFile[]) => Promise<DatasetParts>,
): Promise<TrainAndTestParts> {
  const [test, train] = [files.filter(({ path }) => isTest(path)), files.filter(({ path }) => !isTest(path))];
  if (!test.length || !train.length) return holdOut(await parse(files));
  return { train: await parse(train), test: await parse(test) };
}
