import { ConfigurationError, DataError } from '../errors.ts';
import { byteWords, counted, figure } from '../figures.ts';
import type { PictureFit } from '../picture_fit.ts';
import { pngHead, pngHeadBytes } from '../png/png_head.ts';
import type { WideLevels } from '../png/wide_levels.ts';
import { type DatasetParts, type ImageShape, mostClasses } from './dataset.ts';
import { heldOutSplits } from './formats/split_files.ts';
import { holdOutOf } from './held_out.ts';
import type { FileBytes } from './identify.ts';
import { inParallel } from './in_parallel.ts';
import type { LabeledPictures, PictureFile } from './labeled_pictures.ts';
import { browserDecoder, type DecodedPicture, type ImageForm, isWide, type PictureDecoder } from './picture_decoder.ts';
import { classNamesOf, type PictureFolders, type PlacedPicture } from './picture_folders.ts';
import { imageSize, type PictureOptions, sizesOf } from './picture_sizes.ts';
import { encodedPictures } from './picture_source.ts';
import { describeIgnored, type IgnoredFile, type UserDataset } from './reading_report.ts';
import { type Split, splits } from './splits.ts';
import { isDamage } from './unpacking_errors.ts';
import type { UserFilesOptions } from './user_files.ts';

const fewestClasses = 2;
const defaultFit = 'cover';
const ifUnusual = (pictureFit: PictureFit) => (pictureFit === defaultFit ? {} : { pictureFit });
/** Formats that Chrome decodes. Others are tried too, because another browser may support them. */
const decodable = ['PNG', 'JPEG', 'GIF', 'WebP', 'BMP', 'AVIF', 'ICO'];

/**
 * A decoded picture with the pixels of its image, which has one channel if it is gray. Without `pixels`, the picture stays in its file and
 * is decoded during training.
 */
interface Picture extends PlacedPicture {
  file: FileBytes;
  width: number;
  height: number;
  isGray: boolean;
  pixels?: Uint8Array;
}

const streamedNote = (bytes: number, most: number) =>
  `the images take ${byteWords(bytes)}, more than the ${byteWords(most)} that are kept in memory: pictures are decoded during training`;

/**
 * Reads pictures in folders; no data leaves the browser that decodes them. Transparent pixels become white; if all pictures are gray,
 * the images have one channel. Colors are used as stored, without applying a color profile.
 *
 * @param decoder decodes the pictures; this browser by default.
 * @throws DataError if fewer than 2 classes, or more than labels can number, have a readable picture.
 */
export async function readPictureFiles(
  given: LabeledPictures,
  options: PictureOptions & Pick<UserFilesOptions, 'validationSplit' | 'stretch' | 'levels' | 'streamAbove' | 'signal'>,
  decoder: PictureDecoder = decoderHere(),
): Promise<UserDataset> {
  const { placed, folders, unlabeled, targets, others } = given;
  if (!targets) requireClasses(placed, given.files, others);
  const work = decodingOf(given, options, decoder);
  const wide = options.stretch ? await work.wideLevels() : undefined;
  const range = wide && (options.levels ?? wide.levels);
  let chosen = await work.guess();
  let read: Awaited<ReturnType<typeof work.decodeAll>>;
  let sizes: ReturnType<typeof sizesOf>;
  let rule: string;
  for (;;) {
    const [height, width] = chosen;
    const isStreamed = options.streamAbove !== undefined && 3 * height * width * placed.length > options.streamAbove;
    read = await work.decodeAll({ size: chosen, fit: options.fit ?? defaultFit, levels: range }, isStreamed);
    if (!targets) requireClasses(read.pictures, given.files, others ?? describeFailed(read.failed));
    requireTraining(read.pictures, read.failed);
    sizes = sizesOf(read.pictures);
    const found = imageSize(sizes, options);
    rule = found.rule;
    // The size was guessed from a few pictures. Only rarely do all pictures together give a different one.
    if (found.size[0] === height && found.size[1] === width) break;
    chosen = found.size;
  }
  const { pictures, failed, levels, isStreamed } = read;
  const isGray = pictures.every((picture) => picture.isGray);
  const bytes = chosen[0] * chosen[1] * (isGray ? 1 : 3) * pictures.length;
  const parts = partsOf(pictures, { size: chosen, fit: options.fit ?? defaultFit, levels: range }, isGray, given);
  const report = {
    format: given.format,
    ignored: [...unlabeled, ...failed],
    sizes,
    notes: [
      rule,
      ...(isGray ? ['all pictures are gray: the images have one channel'] : []),
      ...wideNotes(wide ?? levels, options),
      ...(isStreamed ? [streamedNote(bytes, options.streamAbove!)] : []),
      ...given.notes,
    ],
  };
  return assemble(parts, folders, report, options.validationSplit);
}

/** Notes on 16-bit pictures for the report, worded as for 16-bit arrays. */
function wideNotes(
  wide: WideLevels | undefined,
  { stretch, levels }: Pick<UserFilesOptions, 'stretch' | 'levels'>,
): string[] {
  if (!wide?.levels) return [];
  const { from, to } = (stretch && levels) || wide.levels;
  const range = `${counted(wide.pictures, '16-bit picture')}: values from ${figure(from)} to ${figure(to)}`;
  if (stretch) return [`${range}, stretched over 0 to 255, as requested`];
  const part = to < 32768 ? `, ${Math.ceil(Math.log2(to + 1))} bits of 16; they can be stretched` : '';
  return [`${range}: 65535 became 255${part}`];
}

function decoderHere(): PictureDecoder {
  if (typeof createImageBitmap !== 'undefined') return browserDecoder();
  throw new ConfigurationError({
    what: 'Pictures can only be read in a browser, which decodes them',
    found: 'no createImageBitmap here',
    fix: 'call readUserFiles in a page or in a worker of one; the command wgrad reads folders of pictures by itself',
  });
}

/** Number of pictures from whose sizes the image size is guessed, before all are decoded. */
const mostGuessedFrom = 32;

/** Decodes the pictures of one data set. */
function decodingOf(
  { files, placed }: LabeledPictures,
  options: Parameters<typeof readPictureFiles>[1],
  decoder: PictureDecoder,
) {
  const byPath = new Map(files.map((file) => [file.path, file]));

  /** The range of all 16-bit pictures, determined before the first one is stretched. */
  async function wideLevels(): Promise<WideLevels | undefined> {
    let levels: WideLevels | undefined;
    await inParallel(placed, decoder.atOnce, async (each) => {
      options.signal?.throwIfAborted();
      const { file, format } = byPath.get(each.path)!;
      try {
        if (!(await mayBeWide(format, file))) return;
        const { decodeWidePng, WideLevels } = await import('../png/png_pictures.ts');
        const pixels = decodeWidePng(new Uint8Array(await file.arrayBuffer()));
        levels ??= new WideLevels();
        levels.add(pixels);
      } catch (error) {
        // The error is reported when the picture is decoded.
        if (!(error instanceof DOMException || isDamage(error))) throw error;
      }
    });
    return levels;
  }

  /** The requested image size, or else one derived from a few of the pictures. */
  async function guess(): Promise<readonly [height: number, width: number]> {
    const { size } = options;
    if (size !== undefined) return typeof size === 'number' ? [size, size] : size;
    const few = Math.min(placed.length, mostGuessedFrom);
    const some = Array.from({ length: few }, (_, i) => placed[Math.floor((i * placed.length) / few)]!);
    const found = await inParallel(some, decoder.atOnce, (each) => sizeOf(each));
    const known = found.filter((size) => 'width' in size);
    // If none of these can be decoded, the size follows from the others.
    return known[0] ? imageSize(sizesOf(known), options).size : [1, 1];
  }

  /** The size of a picture, if it can be decoded. A PNG's is in its header. */
  async function sizeOf(each: PlacedPicture): Promise<{ width: number; height: number } | IgnoredFile> {
    const { file, format } = byPath.get(each.path)!;
    const isPng = format.name === 'PNG' || format.name === 'picture';
    const head =
      isPng &&
      pngHead(
        new Uint8Array(
          await file
            .slice(0, pngHeadBytes)
            .arrayBuffer()
            .catch(() => new ArrayBuffer()),
        ),
      );
    return head || decode(each, { size: [1, 1], fit: 'fill' });
  }

  async function decode(each: PlacedPicture, form: ImageForm): Promise<DecodedPicture | IgnoredFile> {
    options.signal?.throwIfAborted();
    const { file, format } = byPath.get(each.path)!;
    try {
      return await decoder.decode(file, form);
    } catch (error) {
      if (!(error instanceof DOMException || isDamage(error))) throw error;
      return { path: each.path, reason: reasonOf(error, format.name) };
    }
  }

  /** Decodes every picture. @param isStreamed whether the images are left in their files. */
  async function decodeAll(form: ImageForm, isStreamed: boolean) {
    const { onProgress, stretch } = options;
    let levels: WideLevels | undefined;
    let done = 0;
    onProgress?.(0, placed.length);
    const all = await inParallel(placed, decoder.atOnce, async (each): Promise<Picture | IgnoredFile> => {
      const { file, format } = byPath.get(each.path)!;
      const decoded = await decode(each, form);
      if (!('pixels' in decoded)) {
        onProgress?.(++done, placed.length);
        return decoded;
      }
      if (!stretch && (await mayBeWide(format, file))) {
        const { decodeWidePng, WideLevels } = await import('../png/png_pictures.ts');
        levels ??= new WideLevels();
        try {
          levels.add(decodeWidePng(new Uint8Array(await file.arrayBuffer())));
        } catch (error) {
          if (!(error instanceof DOMException)) throw error; // The browser can decode it nevertheless.
        }
      }
      const { width, height, pixels } = decoded;
      const gray = grayOf(pixels);
      onProgress?.(++done, placed.length);
      const facts = { ...each, file, width, height, isGray: gray !== undefined };
      return isStreamed ? facts : { ...facts, pixels: gray ?? pixels };
    });
    options.signal?.throwIfAborted();
    return {
      pictures: all.filter((one): one is Picture => 'file' in one),
      failed: all.filter((one): one is IgnoredFile => 'reason' in one),
      levels,
      isStreamed,
    };
  }

  return { wideLevels, guess, decodeAll };
}

/** The single channel of a gray picture; undefined if it has colors. */
function grayOf(pixels: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at < pixels.length; at += 3) {
    if (pixels[at] !== pixels[at + 1] || pixels[at] !== pixels[at + 2]) return undefined;
  }
  const gray = new Uint8Array(pixels.length / 3);
  for (let i = 0; i < gray.length; i++) gray[i] = pixels[3 * i]!;
  return gray;
}

/** The format of pictures in a table has not been detected yet. */
const mayBeWide = async ({ name, isWide: known }: PictureFile['format'], file: FileBytes): Promise<boolean> =>
  name === 'picture' ? isWide(file) : known === true;

function reasonOf(error: unknown, format: string): string {
  if (isDamage(error)) return 'damaged in its archive';
  if (format === 'picture') return 'a picture that is damaged, or that this browser cannot decode';
  return decodable.includes(format)
    ? `${format} that is damaged or truncated`
    : `${format}, which this browser cannot decode: convert it to PNG or JPEG`;
}

type Parts = Partial<Record<Split, DatasetParts>>;

/** Collects the images of each split, or the files that they are decoded from during training. */
function partsOf(
  pictures: readonly Picture[],
  { size: [height, width], fit, levels }: ImageForm,
  isGray: boolean,
  { targets, classNames: order }: LabeledPictures,
): Parts {
  const classNames = targets ? [] : (order ?? classNamesOf(pictures).sort());
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const imageShape: ImageShape = [height, width, isGray ? 1 : 3];
  const parts: Parts = {};
  for (const split of splits) {
    const taken = pictures.filter((picture) => picture.split === split);
    if (taken.length === 0) continue;
    parts[split] = {
      labels: taken.map(({ className }) => (targets ? 0 : labelOf.get(className)!)),
      imageShape,
      classNames,
      ...ifUnusual(fit),
      ...(levels && { pictureLevels: levels }),
      ...(targets && {
        targets: Float32Array.from(taken.flatMap(({ path }) => targets.of.get(path)!)),
        targetNames: targets.names,
      }),
      ...(taken[0]!.pixels
        ? { images: imagesOf(taken, imageShape) }
        : {
            images: new Uint8Array(),
            source: encodedPictures(
              taken.map(({ path, file }) => ({ path, file })),
              { imageShape, fit, ...(levels && { levels }) },
            ),
          }),
    };
  }
  return parts;
}

/** Moves the pixels into one array. Each picture releases its own pixels, because together they may take a gibibyte. */
function imagesOf(taken: readonly Picture[], [height, width, channels]: ImageShape): Uint8Array {
  const bytes = height * width * channels;
  const images = new Uint8Array(taken.length * bytes);
  for (const [i, picture] of taken.entries()) {
    const pixels = picture.pixels!;
    delete picture.pixels;
    if (pixels.length === bytes) images.set(pixels, i * bytes);
    else for (let at = 0; at < bytes; at++) images[i * bytes + at] = pixels[Math.floor(at / 3)]!;
  }
  return images;
}

/** @throws DataError if no picture of the training split could be decoded. */
function requireTraining(pictures: readonly Picture[], failed: readonly IgnoredFile[]): void {
  if (pictures.some(({ split }) => split === 'train')) return;
  throw new DataError({
    what: 'None of the training pictures can be read',
    found: describeFailed(failed) ?? '0 pictures',
    expected: decodable.join(', '),
  });
}

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
  const { train, validation, test } = parts as Parts & { train: DatasetParts };
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
