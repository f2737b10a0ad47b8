import {
  DataError,
  describeIgnored,
  describeReading,
  type IgnoredFile,
  type PlacedFile,
  readUserFiles,
  type TrainAndTestParts,
  trainingParts,
} from '../../../index.ts';
import { cleaned, type Findings, findingsIn } from './cleaning.ts';

/** The user's own data set: it stays in this thread. */
let own: TrainAndTestParts | undefined;

/** What the page says about the user's files. */
export interface Brought {
  images: number;
  /** What each split was read from, the sizes of the pictures, and what was decided, in lines. */
  report: string[];
  /** Files that are not in the data set, grouped by the reason. */
  ignored: IgnoredFile[];
  ignoredCount: number;
  findings: Findings;
}

/**
 * Reads files into the data set `own`.
 *
 * @param size height and width of pictures; undefined for a size that follows from theirs.
 * @param tell hears how many of how many are done.
 */
export async function bring(
  files: PlacedFile[],
  size: number | undefined,
  tell: (done: number, total: number) => unknown,
): Promise<Brought> {
  let told = 0;
  const onProgress = (done: number, total: number) => {
    const now = performance.now();
    if (done < total && now - told < 50) return; // a message for each picture would take longer than the picture
    told = now;
    tell(done, total);
  };
  const dataset = await readUserFiles(files, { onProgress, ...(size && { size }) });
  const parts = trainingParts(dataset);
  cleaned(parts, []); // labels that are all outside the classes are refused now
  own = parts;
  const { ignored } = dataset.report;
  return {
    images: parts.train.labels.length + parts.test.labels.length,
    report: describeReading(dataset.report),
    ignored: describeIgnored(ignored),
    ignoredCount: ignored.length,
    findings: findingsIn(parts),
  };
}

export function ownParts(): TrainAndTestParts {
  if (own) return own;
  throw new DataError({
    what: 'Files of your own are not here',
    found: 'a page that was just opened: it keeps nothing of them',
    expected: 'a folder of pictures, IDX files or CIFAR batches',
    fix: 'drop them into the data panel, or choose another data set',
  });
}
