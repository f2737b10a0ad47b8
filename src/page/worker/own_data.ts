import { DataError, type PlacedFile, readBrought, type TrainAndTestParts } from '../../index.ts';
import { cleaned, type Findings, findingsIn } from './cleaning.ts';

/** What somebody brought: read in this thread, and nowhere else. */
let own: TrainAndTestParts | undefined;

/** What is to be said of what was brought. */
export interface Brought {
  images: number;
  /** Files that are left out: not to be read, or without a class; the first few by name. */
  skipped: { path: string; why: string }[];
  skippedCount: number;
  findings: Findings;
}

const shownOfSkipped = 5;

/**
 * Reads files into the data set `own`.
 *
 * @param size height and width of pictures; undefined for their own.
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
  const { skipped, ...parts } = await readBrought(files, { onProgress, ...(size && { size }) });
  cleaned(parts, []); // an empty part is refused now
  own = parts;
  return {
    images: parts.train.labels.length + parts.test.labels.length,
    skipped: skipped.slice(0, shownOfSkipped),
    skippedCount: skipped.length,
    findings: findingsIn(parts),
  };
}

export function ownParts(): TrainAndTestParts {
  if (own) return own;
  throw new DataError({
    what: 'Files of your own are not here',
    found: 'a page that was just opened: it keeps nothing of them',
    wanted: 'a folder of pictures, IDX files or CIFAR batches',
    fix: 'drop them into the data panel, or choose another data set',
  });
}
