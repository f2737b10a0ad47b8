import { ConfigurationError, DataError } from '../errors.ts';
import { byteWords, counted } from '../figures.ts';
import type { PictureLevels } from '../image_source.ts';
import type { PictureFit } from '../picture_fit.ts';
import { type DatasetParts, type ImageShape, mostClasses } from './dataset.ts';
import { canvasFor, drawn, takeChannels } from './drawn_picture.ts';
import { heldOutSplits } from './formats/split_files.ts';
import { holdOutOf } from './held_out.ts';
import type { FileBytes } from './identify.ts';
import { inParallel } from './in_parallel.ts';
import type { LabeledPictures, PictureFile } from './labeled_pictures.ts';
import { classNamesOf, type PictureFolders, type PlacedPicture } from './picture_folders.ts';
import { imageSize, type PictureOptions, sizesOf } from './picture_sizes.ts';
import { bitmapOf, encodedPictures, picturesAtOnce } from './picture_source.ts';
import { describeIgnored, type IgnoredFile, type UserDataset } from './reading_report.ts';
import { type Split, splits } from './splits.ts';
import { isDamage } from './unpacking_errors.ts';
import type { UserFilesOptions } from './user_files.ts';
import { isWidePng, widePngHead } from './wide_head.ts';
import type { WideLevels } from './wide_levels.ts';

const fewestClasses = 2;
/** Maximum bytes of decoded pictures kept between the two passes; larger sets are decoded twice. */
const mostKept = 256 * 2 ** 20;
const defaultFit = 'cover';
const ifUnusual = (pictureFit: PictureFit) => (pictureFit === defaultFit ? {} : { pictureFit });
/** Formats that Chrome decodes. Others are tried too, because another browser may support them. */
const decodable = ['PNG', 'JPEG', 'GIF', 'WebP', 'BMP', 'AVIF', 'ICO'];

interface Picture extends PlacedPicture {
  file: FileBytes;
  bitmap?: ImageBitmap;
}
type Measured = Picture & { width: number; height: number };

const streamedNote = (bytes: number, most: number) =>
  `the images take ${byteWords(bytes)}, more than the ${byteWords(most)} that are kept in memory: pictures are decoded during training`;

/**
 * Reads pictures in folders, in a browser; no data leaves it. Transparent pixels become white; if all pictures are gray, the images
 * have one channel. Colors are used as stored, without applying a color profile.
 *
 * @throws DataError if fewer than 2 or more than 256 classes have a readable picture.
 */
export async function readPictureFiles(
  given: LabeledPictures,
  options: PictureOptions & Pick<UserFilesOptions, 'validationSplit' | 'stretch' | 'streamAbove' | 'signal'>,
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
  // Measuring and decoding each count as half of a picture's progress.
  const halves = 2 * placed.length;
  const progress = (left: number) => {
    options.signal?.throwIfAborted();
    options.onProgress?.(Math.floor((halves - left) / 2), placed.length);
  };
  const { pictures, failed, wide } = await measure(placed, files, options.stretch, (done) => progress(halves - done));
  if (!targets) requireClasses(pictures, files, others ?? describeFailed(failed));
  const sizes = sizesOf(pictures);
  const { size, rule } = imageSize(sizes, options);
  const bytes = 3 * size[0] * size[1] * pictures.length;
  const isStreamed = options.streamAbove !== undefined && bytes > options.streamAbove;
  const read = isStreamed ? leaveInFiles : decodeAll;
  const levels = options.stretch ? wide?.levels : undefined;
  const how = { size, fit: options.fit ?? defaultFit, ...(levels && { levels }) };
  const { parts, isGray } = await read(pictures, how, progress, given);
  const report = {
    format: given.format,
    ignored: [...unlabeled, ...failed],
    sizes,
    notes: [
      rule,
      ...(isGray ? ['all pictures are gray: the images have one channel'] : []),
      ...(wide?.notes(options.stretch) ?? []),
      ...(isStreamed ? [streamedNote(isGray ? bytes / 3 : bytes, options.streamAbove!)] : []),
      ...given.notes,
    ],
  };
  return assemble(parts, folders, report, options.validationSplit);
}

/** Decodes every picture to get its size, from which the image size is chosen. */
async function measure(
  placed: readonly PlacedPicture[],
  files: readonly PictureFile[],
  stretch: boolean | undefined,
  tell: (done: number) => void,
) {
  let wide: WideLevels | undefined;
  const byPath = new Map(files.map((file) => [file.path, file]));
  let kept = 0;
  let done = 0;
  const measured = await inParallel(placed, picturesAtOnce, async (each): Promise<Measured | IgnoredFile> => {
    const { file, format } = byPath.get(each.path)!;
    try {
      const bitmap = await bitmapOf(file);
      const { width, height } = bitmap;
      if (await mayBeWide(format, file)) {
        const { decodeWidePng, WideLevels } = await import('./wide_pictures.ts');
        wide ??= new WideLevels();
        try {
          wide.add(decodeWidePng(new Uint8Array(await file.arrayBuffer())));
        } catch (error) {
          if (stretch) throw error; // else the browser's pixels are taken
        }
        // It is stretched when the levels of all pictures are known.
        if (stretch) {
          bitmap.close();
          return { ...each, file, width, height };
        }
      }
      kept += 4 * width * height;
      if (kept > mostKept) bitmap.close();
      return { ...each, file, width, height, ...(kept <= mostKept && { bitmap }) };
    } catch (error) {
      if (!(error instanceof DOMException || isDamage(error))) throw error;
      return { path: each.path, reason: reasonOf(error, format.name) };
    } finally {
      tell(++done);
    }
  });
  return {
    pictures: measured.filter((one): one is Measured => 'file' in one),
    failed: measured.filter((one): one is IgnoredFile => 'reason' in one),
    wide,
  };
}

/** Pictures in a table were not looked at before. */
const mayBeWide = async ({ name, isWide }: PictureFile['format'], file: FileBytes): Promise<boolean> =>
  name === 'picture' ? isWidePng(new Uint8Array(await file.slice(0, widePngHead).arrayBuffer())) : isWide === true;

function reasonOf(error: unknown, format: string): string {
  if (isDamage(error)) return 'damaged in its archive';
  if (format === 'picture') return 'a picture that is damaged, or that this browser cannot decode';
  return decodable.includes(format)
    ? `${format} that is damaged or cut short`
    : `${format}, which this browser cannot decode: convert it to PNG or JPEG`;
}

/** The parts of the data set without images, and the pictures that belong to each. */
function partsOf(
  pictures: readonly Picture[],
  imageShape: ImageShape,
  fit: PictureFit,
  { targets, classNames: order }: LabeledPictures,
): { split: Split; taken: number[]; facts: Omit<DatasetParts, 'images'> }[] {
  const classNames = targets ? [] : (order ?? classNamesOf(pictures).sort());
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  return splits.flatMap((split) => {
    const taken = pictures.flatMap((picture, at) => (picture.split === split ? [at] : []));
    if (taken.length === 0) return [];
    const facts = {
      ...{ labels: taken.map((at) => (targets ? 0 : labelOf.get(pictures[at]!.className)!)), imageShape, classNames },
      ...ifUnusual(fit),
      ...(targets && {
        targets: Float32Array.from(taken.flatMap((at) => targets.of.get(pictures[at]!.path)!)),
        targetNames: targets.names,
      }),
    };
    return [{ split, taken, facts }];
  });
}

type Parts = Partial<Record<Split, DatasetParts>>;

/** Creates the parts of a data set from measured pictures. @param tell called with the number of remaining pictures. */
type PartsReader = (
  pictures: readonly Picture[],
  how: { size: readonly [height: number, width: number]; fit: PictureFit; levels?: PictureLevels },
  tell: (left: number) => void,
  given: LabeledPictures,
) => Promise<{ parts: Parts; isGray: boolean }>;

/** Decodes all images into memory. */
const decodeAll: PartsReader = async (pictures, { size: [height, width], fit, levels }, tell, given) => {
  const context = canvasFor(height, width);
  let isGray = true;
  let left = pictures.length;
  const decoded = await inParallel(pictures, picturesAtOnce, async (picture) => {
    const bitmap = picture.bitmap ?? (await bitmapOf(picture.file, levels));
    delete picture.bitmap;
    const pixels = new Uint8Array(3 * height * width);
    takeChannels(drawn(context, bitmap, fit), 3, pixels);
    isGray &&= pixels.every((value, at) => value === pixels[at - (at % 3)]);
    tell(--left);
    return pixels;
  });
  const channels = isGray ? 1 : 3;
  const bytes = height * width * channels;
  const parts: Parts = {};
  for (const { split, taken, facts } of partsOf(pictures, [height, width, channels], fit, given)) {
    const images = new Uint8Array(taken.length * bytes);
    for (const [i, at] of taken.entries()) {
      const pixels = decoded[at]!;
      images.set(isGray ? pixels.filter((_, i) => i % 3 === 0) : pixels, i * bytes);
    }
    parts[split] = { ...facts, images };
  }
  return { parts, isGray };
};

/** Leaves the images in their files; they are decoded during training. */
const leaveInFiles: PartsReader = async (pictures, { size: [height, width], fit, levels }, tell, given) => {
  const context = canvasFor(height, width);
  let isGray = true;
  let left = pictures.length;
  await inParallel(pictures, picturesAtOnce, async (picture) => {
    tell(--left);
    const { bitmap } = picture;
    delete picture.bitmap;
    // A single color picture decides that the images have three channels; the others need not be decoded again.
    if (!isGray) return bitmap?.close();
    const rgba = drawn(context, bitmap ?? (await bitmapOf(picture.file, levels)), fit);
    for (let at = 0; at < rgba.length && isGray; at += 4)
      isGray = rgba[at] === rgba[at + 1] && rgba[at] === rgba[at + 2];
  });
  const imageShape: ImageShape = [height, width, isGray ? 1 : 3];
  const parts: Parts = {};
  for (const { split, taken, facts } of partsOf(pictures, imageShape, fit, given)) {
    const files = taken.map((at) => ({ path: pictures[at]!.path, file: pictures[at]!.file }));
    parts[split] = {
      ...facts,
      images: new Uint8Array(),
      source: encodedPictures(files, { imageShape, fit, ...(levels && { levels }) }),
    };
  }
  return { parts, isGray };
};

/** Called before any picture is decoded, and again once the undecodable ones are known. */
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
