import { DataError } from '../errors.ts';
import { type ImageShape, mostClasses, type Part, type TrainAndTestParts } from './dataset.ts';
import { holdOut } from './held_out.ts';

/** A file with its place: folders and name, with slashes between. */
export interface PlacedFile {
  path: string;
  file: Blob;
}

export interface PictureOptions {
  /** Height and width of the images; unless given, the pictures' own where they have one size up to 64, else 32. */
  size?: number;
  /** Called as it goes on. */
  onProgress?: (done: number, total: number) => void;
}

export interface Pictures extends TrainAndTestParts {
  /** Pictures that are left out, by their paths: in no folder of a class, damaged, or none. */
  skipped: { path: string; why: string }[];
}

/** Where a picture belongs. */
export interface Placed {
  path: string;
  className: string;
  /** Undefined where no folder says it. */
  part?: Part;
}

const isPicture = (path: string) => endings.test(path) && !path.split('/').some((name) => name.startsWith('.'));
const endings = /\.(png|jpe?g|webp|gif|bmp|avif)$/i;
const parts: Record<string, Part> = {
  train: 'train',
  training: 'train',
  test: 'test',
  testing: 'test',
  val: 'test',
  valid: 'test',
  validation: 'test',
};

/**
 * Finds the classes of pictures in folders: the folder that a picture lies in is its class, one of the folders above may be
 * called train, or test, val or validation. Files that are no pictures by their names, or hidden, are left out; so are pictures
 * that lie in no folder, or in the one that holds all others.
 *
 * @returns in the order of the paths, so that the same folder gives the same data set.
 * @throws DataError where no picture lies in a folder, or fewer than 2 or more than 256 classes are found.
 */
export function placePictures(paths: readonly string[]): Placed[] {
  const pictures = paths.filter(isPicture).map((path) => ({ path, folders: path.split('/').slice(0, -1) }));
  const [first] = pictures;
  const haveOneRoot = pictures.every(({ folders }) => folders[0] === first?.folders[0]);
  const isRoot = (folders: string[]) =>
    haveOneRoot && folders.length === 1 && pictures.some((other) => other.folders.length > 1);
  const placed = pictures
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap(({ path, folders }): Placed[] => {
      const className = folders.at(-1);
      if (!className || isRoot(folders)) return [];
      const part = folders
        .slice(0, -1)
        .map((name) => parts[name.toLowerCase()])
        .find(Boolean);
      return [{ path, className, ...(part && { part }) }];
    });
  const classes = new Set(placed.map(({ className }) => className));
  if (classes.size < 2 || classes.size > mostClasses) {
    throw new DataError({
      what: classes.size === 0 ? 'No pictures in folders' : 'The number of classes is out of range',
      found:
        classes.size === 0
          ? `${paths.length} files`
          : `${classes.size === 1 ? '1 folder' : `${classes.size} folders`} with pictures`,
      wanted: `a folder for each of 2 to ${mostClasses} classes, with its pictures in it`,
      fix: 'choose the folder above the classes: animals, with animals/cat and animals/dog in it',
    });
  }
  return placed;
}

/**
 * Reads a folder of pictures, a folder a class, in a browser: nothing leaves it. Pictures of another size are cut to a square
 * around their middle and scaled; what is transparent becomes white; where all are grey the images have one channel. Colours
 * are taken as they are stored, without a profile. Where no folder is called test, every fifth picture of a class is held out.
 *
 * @throws DataError as placePictures does, and where no picture can be read.
 */
export async function readPictures(files: readonly PlacedFile[], options: PictureOptions = {}): Promise<Pictures> {
  const byPath = new Map(files.map(({ path, file }) => [path, file]));
  const placed = placePictures([...byPath.keys()]);
  const size = await sizeOf(
    placed.map(({ path }) => byPath.get(path)!),
    options.size,
  );
  const [height, width] = size;
  const bytes = 3 * height * width;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  const places = new Set(placed.map(({ path }) => path));
  const skipped: Pictures['skipped'] = [...byPath.keys()]
    .filter((path) => isPicture(path) && !places.has(path))
    .map((path) => ({ path, why: 'it lies in no folder of a class' }));
  const read: { placed: Placed; pixels: Uint8Array }[] = [];
  let isGrey = true;
  for (const [i, each] of placed.entries()) {
    try {
      const pixels = await decode(context, byPath.get(each.path)!);
      isGrey &&= pixels.every((value, at) => value === pixels[at - (at % 3)]);
      read.push({ placed: each, pixels });
    } catch (error) {
      skipped.push({ path: each.path, why: error instanceof Error ? error.message : String(error) });
    }
    options.onProgress?.(i + 1, placed.length);
  }
  if (read.length === 0) {
    throw new DataError({
      what: 'None of the pictures can be read',
      found: `${placed.length} files; the last: ${skipped.at(-1)!.path}: ${skipped.at(-1)!.why}`,
      wanted: 'PNG, JPEG, WebP, GIF, BMP or AVIF',
    });
  }
  const channels = isGrey ? 1 : 3;
  const classNames = [...new Set(read.map(({ placed }) => placed.className))].sort();
  const collect = (taken: typeof read) => {
    const each = (bytes / 3) * channels;
    const images = new Uint8Array(taken.length * each);
    for (const [i, { pixels }] of taken.entries()) {
      images.set(isGrey ? pixels.filter((_, at) => at % 3 === 0) : pixels, i * each);
    }
    const labels = taken.map(({ placed }) => classNames.indexOf(placed.className));
    const imageShape: ImageShape = [height, width, channels];
    return { images, labels, imageShape, classNames };
  };
  const test = read.filter(({ placed }) => placed.part === 'test');
  if (test.length === 0) return { ...holdOut(collect(read)), skipped };
  return { train: collect(read.filter(({ placed }) => placed.part !== 'test')), test: collect(test), skipped };
}

const decoding = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;
const looked = 16;
const largestAsIs = 64;
const otherwise = 32;

/** Of the images: asked for, or what the first pictures have. */
async function sizeOf(files: readonly Blob[], asked: number | undefined): Promise<[height: number, width: number]> {
  if (asked) return [asked, asked];
  const sizes = new Set<string>();
  for (const file of files.slice(0, looked)) {
    const bitmap = await createImageBitmap(file, decoding).catch(() => undefined);
    if (bitmap) sizes.add(`${bitmap.height} ${bitmap.width}`);
    bitmap?.close();
  }
  const [height, width] = [...sizes][0]?.split(' ').map(Number) ?? [];
  const isAsIs = sizes.size === 1 && Math.max(height!, width!) <= largestAsIs;
  return isAsIs ? [height!, width!] : [otherwise, otherwise];
}

/** Red, green and blue of a picture, at the size of the canvas. */
async function decode(context: OffscreenCanvasRenderingContext2D, file: Blob): Promise<Uint8Array> {
  const { width, height } = context.canvas;
  const bitmap = await createImageBitmap(file, decoding);
  try {
    const isSame = bitmap.width === width && bitmap.height === height;
    const side = Math.min(bitmap.width, bitmap.height);
    const [w, h] = isSame ? [width, height] : [side, side];
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, (bitmap.width - w) / 2, (bitmap.height - h) / 2, w, h, 0, 0, width, height);
  } finally {
    bitmap.close();
  }
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) pixels.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  return pixels;
}
