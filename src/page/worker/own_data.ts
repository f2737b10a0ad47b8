import {
  cleanDatasets,
  DataError,
  type Finding,
  findings,
  inspectDatasets,
  type PlacedFile,
  readBrought,
  type TrainAndTest,
  type TrainAndTestParts,
} from '../../index.ts';

/** What somebody brought: read in this thread, and nowhere else. */
let own: { parts: TrainAndTestParts; datasets: TrainAndTest } | undefined;

/** What is to be said of what was brought. */
export interface Brought {
  images: number;
  /** Files that could not be read; the first few by name. */
  skipped: { path: string; why: string }[];
  skippedCount: number;
  findings: Findings;
}

/** How many images of each part have each finding, and which classes have none. */
export interface Findings {
  counts: { finding: Finding; train: number; test: number }[];
  emptyClasses: string[];
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
  // Labels that name no class can't be trained with; everything else that is found stays until somebody leaves it out.
  own = { parts, datasets: cleanDatasets(parts, { labels: true }) };
  return {
    images: parts.train.labels.length + parts.test.labels.length,
    skipped: skipped.slice(0, shownOfSkipped),
    skippedCount: skipped.length,
    findings: findingsIn(parts),
  };
}

/** Leaves out what has these findings, of all that was brought. */
export async function cleanOwn(out: readonly Finding[]): Promise<void> {
  const { parts } = requireOwn();
  const cleaning = Object.fromEntries(out.map((finding) => [finding, true]));
  own = { parts, datasets: cleanDatasets(parts, { ...cleaning, labels: true }) };
}

export const ownDatasets = async (): Promise<TrainAndTest> => requireOwn().datasets;

export function findingsIn(parts: TrainAndTestParts): Findings {
  const { train, test, classNames } = inspectDatasets(parts);
  return {
    counts: findings.map((finding) => ({
      finding,
      train: train.found[finding].length,
      test: test.found[finding].length,
    })),
    emptyClasses: train.emptyClasses.map((label) => classNames[label]!),
  };
}

function requireOwn() {
  if (own) return own;
  throw new DataError({
    what: 'Files of your own are not here',
    found: 'a page that was just opened: it keeps nothing of them',
    wanted: 'a folder of pictures, IDX files or CIFAR batches',
    fix: 'drop them into the data panel, or choose another data set',
  });
}
