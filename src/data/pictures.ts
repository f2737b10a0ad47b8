import { ConfigurationError, DataError } from '../errors.ts';
import { counted } from '../figures.ts';
import { drawPicture, type PictureFit, pictureDecoding } from '../picture_fit.ts';
import { type DatasetParts, mostClasses } from './dataset.ts';
import { heldOutSplits } from './formats/split_files.ts';
import { holdOutOf } from './held_out.ts';
import type { FileBytes } from './identify.ts';
import type { LabeledPictures, PictureFile } from './labeled_pictures.ts';
import { classNamesOf, type PictureFolders, type PlacedPicture } from './picture_folders.ts';
import { imageSize, type PictureOptions, sizesOf } from './picture_sizes.ts';
import { describeIgnored, type IgnoredFile, type UserDataset } from './reading_report.ts';
import { type Split, splits } from './splits.ts';
import { isDamage } from './unpacking_errors.ts';
import type { UserFilesOptions } from './user_files.ts';

const fewestClasses = 2;
/** Decoded pictures that are kept from one pass to the next; larger sets are decoded twice. */
const mostKept = 256 * 2 ** 20;
const defaultFit = 'cover';
const ifUnusual = (pictureFit: PictureFit) => (pictureFit === defaultFit ? {} : { pictureFit });
/** Formats that Chrome decodes. Others are tried too: another browser may know them. */
const decodable = ['PNG', 'JPEG', 'GIF', 'WebP', 'BMP', 'AVIF', 'ICO'];

interface Picture extends PlacedPicture {
  file: FileBytes;
  bitmap?: ImageBitmap;
}

/**
 * Reads pictures in folders, in a browser: nothing leaves it. What is transparent becomes white; where all pictures are gray
 * the images have one channel. Colors are taken as stored, without a color profile.
 *
 * @throws DataError where fewer than 2 or more than 256 classes have a picture that can be read.
 */
export async function readPictureFiles(
  given: LabeledPictures,
  options: PictureOptions & Pick<UserFilesOptions, 'validationSplit' | 'stretch' | 'signal'>,
): Promise<UserDataset> {
  const { files, placed, folders, unlabeled, targets, others } = given;
  if (typeof createImageBitmap === 'undefined') {
    throw new ConfigurationError({
      what: 'Pictures can only be read in a browser, which decodes them',
      found: 'no createImageBitmap here',
      fix: 'call readUserFiles in a page or in a worker of one; the command wgrad reads folders of pictures by itself',
    });
  }
  if (!targets) requireClasses(placed, files, others);
  // A picture is half done when its size is known.
  const halves = 2 * placed.length;
  const progress = (left: number) => {
    options.signal?.throwIfAborted();
    options.onProgress?.(Math.floor((halves - left) / 2), placed.length);
  };
  const { pictures, failed } = await measure(placed, files, (done) => progress(halves - done));
  if (!targets) requireClasses(pictures, files, others ?? describeFailed(failed));
  const sizes = sizesOf(pictures);
  const { size, rule } = imageSize(sizes, options);
  const { parts, isGray } = await decodeAll(pictures, size, options.fit ?? defaultFit, progress, given);
  const report = {
    format: given.format,
    ignored: [...unlabeled, ...failed],
    sizes,
    notes: [rule, ...(isGray ? ['all pictures are gray: the images have one channel'] : []), ...given.notes],
  };
  return assemble(parts, folders, report, options.validationSplit);
}

/** Decodes every picture, to know its size before that of the images is chosen. */
async function measure(placed: readonly PlacedPicture[], files: readonly PictureFile[], tell: (done: number) => void) {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const pictures: (Picture & { width: number; height: number })[] = [];
  const failed: IgnoredFile[] = [];
  let kept = 0;
  for (const [i, each] of placed.entries()) {
    const { file, format } = byPath.get(each.path)!;
    try {
      const bitmap = await decode(file);
      const { width, height } = bitmap;
      kept += 4 * width * height;
      if (kept > mostKept) bitmap.close();
      pictures.push({ ...each, file, width, height, ...(kept <= mostKept && { bitmap }) });
    } catch (error) {
      if (!(error instanceof DOMException || isDamage(error))) throw error;
      const reason = isDamage(error)
        ? 'damaged in its archive'
        : format.name === 'picture'
          ? 'a picture that is damaged, or that this browser cannot decode'
          : decodable.includes(format.name)
            ? `${format.name} that is damaged or cut short`
            : `${format.name}, which this browser cannot decode: convert it to PNG or JPEG`;
      failed.push({ path: each.path, reason });
    }
    tell(i + 1);
  }
  return { pictures, failed };
}

async function decode(file: FileBytes): Promise<ImageBitmap> {
  return createImageBitmap(file instanceof Blob ? file : new Blob([await file.arrayBuffer()]), pictureDecoding);
}

async function decodeAll(
  pictures: readonly Picture[],
  [height, width]: readonly [number, number],
  fit: PictureFit,
  tell: (left: number) => void,
  { targets, classNames: order }: LabeledPictures,
) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const decoded: { picture: Picture; pixels: Uint8Array }[] = [];
  let isGray = true;
  for (const [i, picture] of pictures.entries()) {
    const pixels = draw(context, picture.bitmap ?? (await decode(picture.file)), fit);
    delete picture.bitmap;
    isGray &&= pixels.every((value, at) => value === pixels[at - (at % 3)]);
    decoded.push({ picture, pixels });
    tell(pictures.length - i - 1);
  }
  const classNames = targets ? [] : (order ?? classNamesOf(pictures).sort());
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const channels = isGray ? 1 : 3;
  const bytes = height * width * channels;
  const parts: Partial<Record<Split, DatasetParts>> = {};
  for (const split of splits) {
    const taken = decoded.filter(({ picture }) => picture.split === split);
    if (taken.length === 0) continue;
    const images = new Uint8Array(taken.length * bytes);
    for (const [i, { pixels }] of taken.entries()) {
      images.set(isGray ? pixels.filter((_, at) => at % 3 === 0) : pixels, i * bytes);
    }
    const labels = taken.map(({ picture }) => (targets ? 0 : labelOf.get(picture.className)!));
    parts[split] = {
      ...{ images, labels, imageShape: [height, width, channels], classNames, ...ifUnusual(fit) },
      ...(targets && {
        targets: Float32Array.from(taken.flatMap(({ picture }) => targets.of.get(picture.path)!)),
        targetNames: targets.names,
      }),
    };
  }
  return { parts, isGray };
}

/** Red, green and blue of a picture, at the size of the canvas. */
function draw(context: OffscreenCanvasRenderingContext2D, bitmap: ImageBitmap, fit: PictureFit): Uint8Array {
  const { width, height } = context.canvas;
  drawPicture(context, bitmap, bitmap, fit);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) pixels.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  return pixels;
}

/** Before any picture is decoded, and again when it is known which ones can be. */
function requireClasses(pictures: readonly PlacedPicture[], files: readonly PictureFile[], others?: string): void {
  const classes = classNamesOf(pictures);
  if (classes.length >= fewestClasses && classes.length <= mostClasses) return;
  const found =
    classes.length === 0 ? 'none in a folder of a class that can be read' : `in ${counted(classes.length, 'folder')}`;
  const named = classes.length === 1 ? ` (${classes[0]})` : '';
  const also = others === undefined ? '' : `; ${others}`;
  throw new DataError({
    what: classes.length === 0 ? 'No pictures in folders' : 'The number of classes is out of range',
    found: `${counted(files.length, 'picture')}, ${found}${named}${also}`,
    expected: `a folder for each of ${fewestClasses} to ${mostClasses} classes, with its pictures in it`,
    fix: 'choose the folder that holds the folders of the classes: animals, with animals/cat and animals/dog in it',
  });
}

const describeFailed = (failed: readonly IgnoredFile[]) =>
  failed.length === 0
    ? undefined
    : describeIgnored(failed)
        .map(({ path, reason }) => `${path}: ${reason}`)
        .join('; ');

type Report = Omit<UserDataset['report'], 'splits'>;

function assemble(
  parts: Partial<Record<Split, DatasetParts>>,
  folders: PictureFolders['folders'],
  report: Report,
  validationSplit?: number,
): UserDataset {
  const { train, validation, test } = parts;
  if (!train) {
    throw new DataError({
      what: 'None of the training pictures can be read',
      found: describeFailed(report.ignored) ?? '0 pictures',
      expected: decodable.join(', '),
    });
  }
  if (!validation && !test) {
    const { heldOut, ...held } = holdOutOf(train, validationSplit);
    const from = folders.train ?? ['the folders of the classes'];
    return { ...held, report: { ...report, splits: heldOutSplits(held.train, held.test, from, heldOut) } };
  }
  return {
    train,
    test: (test ?? validation)!,
    ...(test && validation && { validation }),
    report: {
      ...report,
      splits: splits
        .filter((split) => parts[split])
        .map((split) => ({ split, images: parts[split]!.labels.length, from: folders[split]! })),
    },
  };
}
