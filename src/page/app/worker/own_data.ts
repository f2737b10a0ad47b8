import type { DatasetParts } from '../../../data/dataset.ts';
import { mostInMemory } from '../../../data/user_files.ts';
import type { ErrorParts } from '../../../errors.ts';
import {
  DataError,
  describeIgnored,
  describeReading,
  type IgnoredFile,
  type PlacedFile,
  readUserFiles,
  type TrainAndTestParts,
  trainingParts,
  type UserFilesOptions,
} from '../../../index.ts';
import { isFull, readFile, removeFile, writeFile } from '../storage.ts';
import { cleaned, type Findings, findingsIn } from './cleaning.ts';

/** The user's data set, which stays in this thread. */
let own: TrainAndTestParts | undefined;

/** Information about the user's files for the page. */
export interface ReadFiles {
  images: number;
  /** The pictures remain in their files, which this browser does not store. */
  isStreamed: boolean;
  /** Lines about the source of each split, the sizes of the pictures, and the decisions made. */
  report: string[];
  /** Files that are not in the data set, grouped by the reason. */
  ignored: IgnoredFile[];
  ignoredCount: number;
  findings: Findings;
}

/** The user's options for reading files. */
export type ReadingChoices = Pick<UserFilesOptions, 'labels' | 'stretch'> & {
  /** Height and width of pictures; undefined for a size that is derived from theirs. */
  size?: number | undefined;
  /** Bytes of GPU memory; pictures whose images take more remain in their files. */
  memoryBudget?: number | undefined;
};

let stopping = new AbortController();

/** Cancels `readFiles`. */
export const stopReading = (): void => stopping.abort();

/**
 * Reads files into the data set `own`.
 *
 * @param tell called with the number of files that are done, and the total.
 * @returns undefined if it was canceled.
 */
export async function readFiles(
  files: PlacedFile[],
  { memoryBudget = mostInMemory, ...choices }: ReadingChoices,
  tell: (done: number, total: number) => unknown,
): Promise<ReadFiles | undefined> {
  stopping = new AbortController();
  const { signal } = stopping;
  let reportedAt = 0;
  const onProgress = (done: number, total: number) => {
    const now = performance.now();
    if (done < total && now - reportedAt < 50) return; // a message for each picture would take longer than reading it
    reportedAt = now;
    tell(done, total);
  };
  const { size, ...options } = choices;
  const dataset = await readUserFiles(files, {
    ...{ ...options, ...(size !== undefined && { size }), onProgress, signal, streamAbove: memoryBudget },
  }).catch((error) => {
    if (!signal.aborted) throw error;
    return undefined;
  });
  if (!dataset) return undefined;
  const parts = trainingParts(dataset);
  cleaned(parts, []); // throws if no label is a valid class
  own = parts;
  const { ignored } = dataset.report;
  keeping = keepOwn(parts).then(
    () => undefined,
    (error) => error,
  );
  return {
    images: parts.train.labels.length + parts.test.labels.length,
    isStreamed: parts.train.source !== undefined,
    report: describeReading(dataset.report),
    ignored: describeIgnored(ignored),
    ignoredCount: ignored.length,
    findings: findingsIn(parts),
  };
}

/** Undefined once the last images read are stored in this browser, or else why they are not. */
export async function notKept(): Promise<ErrorParts | undefined> {
  const error = await keeping;
  if (error === undefined) return undefined;
  const found = isFull(error) ? "no space left on the disk, or in the browser's storage for this page" : String(error);
  return { what: 'Your images are not saved in this browser', found, fix: 'add them again when you come back' };
}
let keeping: Promise<unknown> = Promise.resolve();

const folder = 'own-images';
const file = 'images';

/** The file's header, before the bytes: the lengths of the arrays that follow, images before labels and targets. */
interface Header {
  train: KeptPart;
  test: KeptPart;
}
interface KeptPart extends Omit<DatasetParts, 'images' | 'labels' | 'targets' | 'sampleWeights'> {
  images: number;
  labels: number;
  targets?: number;
  sampleWeights?: number;
}

/** Stored as a single file, which the browser replaces only when it has been written completely. */
async function keepOwn({ train, test }: TrainAndTestParts): Promise<void> {
  // Pictures that remain in their files are too large to be copied. The stored images of an earlier visit are removed, because they
  // are no longer the data set.
  if (train.source) return removeFile(folder, file);
  const arrays: Uint8Array[] = [];
  const partOf = ({ images, labels, targets, sampleWeights, ...facts }: DatasetParts): KeptPart => {
    const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const weights = sampleWeights && Float64Array.from(sampleWeights);
    arrays.push(images, bytesOf(Uint32Array.from(labels)));
    if (targets) arrays.push(bytesOf(targets));
    if (weights) arrays.push(bytesOf(weights));
    return {
      ...facts,
      images: images.length,
      labels: labels.length,
      ...(targets && { targets: targets.length }),
      ...(weights && { sampleWeights: weights.length }),
    };
  };
  const header = new TextEncoder().encode(
    JSON.stringify({ train: partOf(train), test: partOf(test) } satisfies Header),
  );
  const length = Uint32Array.of(header.length);
  await writeFile(folder, file, [length, header, ...(arrays as Uint8Array<ArrayBuffer>[])]);
}

async function readOwn(): Promise<TrainAndTestParts | undefined> {
  const kept = await readFile(folder, file).catch(() => undefined); // the browser may deny access
  if (!kept) return undefined;
  const buffer = await kept.arrayBuffer();
  const [length] = new Uint32Array(buffer.slice(0, 4));
  let at = 4 + length!;
  const take = (bytes: number) => {
    at += bytes;
    return buffer.slice(at - bytes, at);
  };
  const header = JSON.parse(new TextDecoder().decode(buffer.slice(4, at))) as Header;
  const partOf = ({ images, labels, targets, sampleWeights, ...facts }: KeptPart): DatasetParts => ({
    ...facts,
    images: new Uint8Array(take(images)),
    labels: new Uint32Array(take(4 * labels)),
    ...(targets !== undefined && { targets: new Float32Array(take(4 * targets)) }),
    ...(sampleWeights !== undefined && { sampleWeights: new Float64Array(take(8 * sampleWeights)) }),
  });
  return { train: partOf(header.train), test: partOf(header.test) };
}

/** The images of this visit, or of an earlier one. */
export async function ownParts(): Promise<TrainAndTestParts> {
  own ??= await readOwn();
  if (own) return own;
  throw new DataError({
    what: 'This link is for your own images, and this browser has none',
    found: 'no images: a link contains none',
    expected: 'a folder of pictures, or the files of a data set',
    fix: 'drop yours onto this page, or choose another data set',
  });
}
