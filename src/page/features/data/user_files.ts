import { effect, signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { ErrorParts } from '../../../errors.ts';
import { counted } from '../../../figures.ts';
import type { PlacedFile } from '../../../index.ts';
import { change, experiment, status, trouble } from '../../app/state.ts';
import type { Brought } from '../../app/worker/own_data.ts';
import { training } from '../../app/worker_client.ts';
import { isLoading, run } from '../run/state.ts';
import { inspected } from './cleaning.tsx';
import { lookAgain } from './model.ts';

/** Files that the user drops or chooses: pictures and data sets become the data set `own`, a saved run is opened. */

/** Files that are being read. */
export const reading = signal<{ done: number; total: number } | undefined>();
/** What came of those that were read last. */
export const brought = signal<Brought | undefined>();
/** The side that pictures get; empty for their own. */
export const size = signal('');
/** Files whose turn comes when a run, or the reading of other files, has ended. */
export const waitingFiles = signal<PlacedFile[] | undefined>();

/** Files are being read, or a run that was chosen elsewhere is being loaded. */
const isTaking = signal(false);
const isBusy = () => isTaking.value || isLoading.value;

const own = 'own';
const isRun = ({ path }: PlacedFile) => /\.wgrad$/i.test(path);

/** Takes files at once, or as soon as nothing else is under way. Of files that have to wait, the last ones are taken. */
export async function take(found: PlacedFile[] | Promise<PlacedFile[]>): Promise<void> {
  let files: PlacedFile[];
  try {
    files = await found;
  } catch (error) {
    const fix = 'choose them again: they may have been moved or changed since';
    trouble.value = { what: 'The files cannot be read', found: String(error), fix };
    return;
  }
  if (!files.length) return;
  const isUnderWay = run.peek()?.isUnderWay.peek();
  if (!isUnderWay && !isBusy()) return read(files);
  waitingFiles.value = files;
  const those = files.length === 1 ? files[0]!.path : counted(files.length, 'file');
  status.value = isUnderWay
    ? `${those} will be read when this run has ended: stop it to read ${files.length === 1 ? 'it' : 'them'} now.`
    : `${those} will be read next.`;
}

/** The user doesn't want them any more. */
export function forgetWaiting(): void {
  waitingFiles.value = undefined;
  status.value = 'The files that were waiting are not read.';
}

async function read(files: PlacedFile[]): Promise<void> {
  isTaking.value = true;
  try {
    const saved = files.find(isRun);
    if (saved) await openRun(saved, files.length - 1);
    else await bring(files);
  } finally {
    isTaking.value = false;
  }
}

async function openRun({ path, file }: PlacedFile, others: number): Promise<void> {
  const { loadRun } = await import('../run/saved_run.ts'); // not needed by every visitor
  await loadRun(file instanceof File ? file : new File([await file.arrayBuffer()], path));
  if (others) status.value += ` A run is opened alone: ${counted(others, 'other file')} left out.`;
}

async function bring(files: PlacedFile[]): Promise<void> {
  reading.value = { done: 0, total: files.length };
  trouble.value = undefined;
  status.value = `Reading ${counted(files.length, 'file')}…`;
  try {
    const told = await training.bring(
      files,
      Number(size.peek()) || undefined,
      proxy((done: number, total: number) => {
        reading.value = { done, total };
      }),
    );
    brought.value = told;
    inspected.value = { name: own, findings: told.findings };
    const { dataset, clean } = experiment.peek();
    if (dataset === own && !clean.length) await lookAgain();
    else change({ dataset: own, clean: [] });
    status.value = `${counted(told.images, 'image')} of your own, which ${told.images === 1 ? 'stays' : 'stay'} in this page.`;
  } catch (error) {
    status.value = '';
    trouble.value = error as ErrorParts;
  } finally {
    reading.value = undefined;
  }
}

/** Reads the files that wait as soon as nothing else is under way. */
export function installWaitingFiles(): void {
  effect(() => {
    const files = waitingFiles.value;
    if (!files || isBusy() || run.value?.isUnderWay.value) return;
    waitingFiles.value = undefined;
    read(files);
  });
}
