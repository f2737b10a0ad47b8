import { effect, signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { count } from '../../../figures.ts';
import { datasetTitle } from '../../app/dataset_titles.ts';
import { hasAccuracy, metricWords } from '../../app/experiment.ts';
import { encode } from '../../app/experiment_url.ts';
import { pageError, say } from '../../app/state.ts';
import { filesIn, isFull, modifiedAt, readFile, removeFile, writeFile } from '../../app/storage.ts';
import { percent, short } from '../../ui/numbers.ts';
import { type Run, validatedOf } from '../run/run.ts';
import { fileOf, loadRun } from '../run/saved_run.ts';
import { run } from '../run/state.ts';

/** Runs saved in this browser, each as a run file and a small file that describes it. */

export interface KeptRun {
  id: string;
  /** The model and the data set. */
  name: string;
  /** Milliseconds since 1970. */
  date: number;
  steps: number;
  /** The validation result in words, for example the accuracy. */
  result?: string;
  /** Its experiment, as in the page's URL. */
  parameters?: string;
  /** What is measured besides the loss: accuracy, unless given. */
  metric?: string;
  /** Loss and metric of the validation after each epoch; null for one without a validation. */
  validation?: [loss: number | null, metric: number | null][];
}

/** Newest first. */
export const keptRuns = signal<readonly KeptRun[]>([]);
/** The last run of an earlier visit, until it is opened or discarded or something else is trained. */
export const lastRun = signal<KeptRun | undefined>();

const folder = 'runs';
const mostRuns = 20;
/** Interval in milliseconds at which a run is saved during training. */
const everyMs = 30_000;

const runFile = (id: string) => `${id}.wgrad`;
const factsFile = (id: string) => `${id}.json`;

/** Notifies other tabs that a run was saved or discarded. */
let otherTabs: BroadcastChannel | undefined;

async function list(): Promise<void> {
  const names = new Set(await filesIn(folder));
  const complete = [...names].flatMap((name) =>
    name.endsWith('.json') && names.has(runFile(name.slice(0, -5))) ? [name.slice(0, -5)] : [],
  );
  const runs = await Promise.all(complete.map(factsOf));
  keptRuns.value = runs.flatMap((facts) => facts ?? []).sort((a, b) => b.date - a.date);
  // Another tab may have discarded the run that is shown here.
  const shown = run.peek();
  const id = shown && ids.get(shown);
  if (id !== undefined && !keptRuns.peek().some((kept) => kept.id === id)) shown!.keptSteps.value = 0;
}

async function factsOf(id: string): Promise<KeptRun | undefined> {
  try {
    const facts = JSON.parse((await (await readFile(folder, factsFile(id)))?.text()) ?? '') as KeptRun;
    return typeof facts.name === 'string' && Number.isFinite(facts.date) ? { ...facts, id } : undefined;
  } catch {
    return undefined; // a tab was closed before the file was written
  }
}

/** Ids of this visit's runs. */
const ids = new WeakMap<Run, string>();

/** Saves a run in its current state. Saves run one after the other: the run's `keeping` is the promise of the last. */
export function keep(of: Run): Promise<void> {
  of.keeping = of.keeping.then(() => write(of));
  return of.keeping;
}

async function write(of: Run): Promise<void> {
  if (run.peek() !== of || of.twinB) return;
  try {
    const { file, steps } = await fileOf(of);
    if (run.peek() !== of) return;
    const id = ids.get(of) ?? `${Date.now()}-${crypto.randomUUID().slice(0, 8)}`;
    ids.set(of, id);
    const facts: KeptRun = { id, name: nameOf(of), date: Date.now(), steps, ...resultOf(of), ...curvesOf(of) };
    await writeWithRoom(id, async () => {
      await writeFile(folder, runFile(id), [file]);
      await writeFile(folder, factsFile(id), [JSON.stringify(facts)]);
    });
    await list();
    of.keptSteps.value = steps;
    await discardOldest(mostRuns);
    otherTabs?.postMessage(id);
  } catch (error) {
    // The run's network may be gone, with the GPU or because another run replaced it; then the status line shows something more
    // important.
    if (run.peek() !== of || of.hasFailed) return;
    // The worker rejects with the parts of an error.
    const message = error instanceof Error ? error.message : (error as ErrorParts).what;
    const reason = isFull(error) ? 'the disk is full' : message;
    say(`This run is not kept in the browser (${reason}): save it as a file.`);
  }
}

/** If there is not enough space, the oldest runs are deleted one after the other, but none of this visit's. */
async function writeWithRoom(id: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const oldest = keptRuns.peek().findLast((kept) => kept.id !== id);
      if (!isFull(error) || !oldest) throw error;
      await discard(oldest.id);
    }
  }
}

async function discardOldest(most: number): Promise<void> {
  for (const { id } of keptRuns.peek().slice(most)) await discard(id);
}

export async function discard(id: string): Promise<void> {
  // The description is deleted first, so that a run that is listed always exists.
  await removeFile(folder, factsFile(id));
  await removeFile(folder, runFile(id));
  if (lastRun.peek()?.id === id) lastRun.value = undefined;
  await list();
  otherTabs?.postMessage(id);
}

export async function openKept({ id, name }: KeptRun): Promise<void> {
  const file = await readFile(folder, runFile(id));
  if (!file) {
    pageError.value = { what: `${name} is not in this browser any more`, fix: 'another tab may have discarded it' };
    await list();
    return;
  }
  lastRun.value = undefined;
  await loadRun(new File([file], `${name}.wgrad`));
  const opened = run.peek();
  if (!opened || opened.isUnderWay.peek()) return;
  ids.set(opened, id);
  opened.keptSteps.value = opened.stepsDone;
}

export const fileOfKept = (id: string): Promise<File | undefined> => readFile(folder, runFile(id));

function nameOf({ experiment: { model, dataset } }: Run): string {
  return `${typeof model === 'string' ? model : 'custom model'} on ${datasetTitle(dataset)}`;
}

function curvesOf({ experiment, log: { epochs } }: Run): Pick<KeptRun, 'parameters' | 'metric' | 'validation'> {
  return {
    parameters: encode(experiment),
    metric: metricWords(experiment),
    validation: epochs.map((record) => [record.validationLoss ?? null, validatedOf(record) ?? null]),
  };
}

function resultOf(of: Run): Pick<KeptRun, 'result'> {
  const { validated } = of;
  if (validated === undefined) return {};
  const { experiment } = of;
  return { result: hasAccuracy(experiment) ? percent(validated) : `${metricWords(experiment)} ${short(validated)}` };
}

/** One-line description of a saved run. */
export const describe = ({ name, steps, result }: KeptRun): string =>
  [name, ...(result ? [result] : []), `${count(steps)} steps`].join(', ');

/** A file without its counterpart after this time was left by a tab that was closed while it was writing. */
const remainsAfterMs = 3_600_000;

async function removeRemains(): Promise<void> {
  const known = new Set(keptRuns.peek().flatMap(({ id }) => [runFile(id), factsFile(id)]));
  for (const name of await filesIn(folder)) {
    if (known.has(name)) continue;
    const since = await modifiedAt(folder, name);
    if (since !== undefined && Date.now() - since > remainsAfterMs) await removeFile(folder, name);
  }
}

/** Saves each run when it ends, and at intervals while it trains. */
export async function installRuns(): Promise<void> {
  await list().catch(() => undefined); // the browser may deny access
  await removeRemains().catch(() => undefined);
  otherTabs = new BroadcastChannel(`wgrad runs ${location.pathname}`);
  otherTabs.onmessage = () => void list();
  if (!run.peek()) lastRun.value = keptRuns.peek()[0];
  let keptAt = performance.now();
  effect(() => {
    const shown = run.value;
    if (!shown) return;
    lastRun.value = undefined;
    void shown.events.value;
    const isOver = !shown.isUnderWay.value;
    const now = performance.now();
    if (shown.log.steps.length === 0) keptAt = now;
    if (shown.twinB || shown.log.steps.length === 0) return;
    const isNew = shown.keptSteps.peek() !== shown.stepsDone;
    if (!isNew || !(isOver || now - keptAt > everyMs)) return;
    if (isOver && endedWith.get(shown) === shown.stepsDone) return;
    if (isOver) endedWith.set(shown, shown.stepsDone);
    keptAt = now;
    keep(shown);
  });
}

/** The number of steps with which each run has ended, so that each end is saved once. */
const endedWith = new WeakMap<Run, number>();
