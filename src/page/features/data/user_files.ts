import { effect, signal, untracked } from '@preact/signals';
import { counted } from '../../../figures.ts';
import type { PlacedFile } from '../../../index.ts';
import { experiment, pageError, say } from '../../app/state.ts';
import { isLoading, run } from '../run/state.ts';
import { lastFiles, readingOptionsOf } from './reading.ts';

/** Files that the user drops or chooses: pictures and data sets become the data set `own`, a saved run is opened. */

/** Files that are read when the current run, or the reading of other files, has ended. */
export const waitingFiles = signal<PlacedFile[] | undefined>();

/** Files are being read, or a saved run is being loaded elsewhere. */
const isTaking = signal(false);
const isBusy = () => isTaking.value || isLoading.value;

/** Reads files at once, or as soon as nothing else is running. If several have to wait, only the last ones are read. */
export async function take(found: PlacedFile[] | Promise<PlacedFile[]>): Promise<void> {
  let files: PlacedFile[];
  try {
    files = await found;
  } catch (error) {
    const fix = 'choose them again: they may have been moved or changed since';
    pageError.value = { what: 'The files cannot be read', found: String(error), fix };
    return;
  }
  if (!files.length) return;
  const isUnderWay = run.peek()?.isUnderWay.peek();
  if (!isUnderWay && !isBusy()) return read(files);
  waitingFiles.value = files;
  const those = files.length === 1 ? files[0]!.path : counted(files.length, 'file');
  say(
    isUnderWay
      ? `${those} will be read when this run has ended: stop it to read ${files.length === 1 ? 'it' : 'them'} now.`
      : `${those} will be read next.`,
  );
}

/** Discards the waiting files at the user's request. */
export function forgetWaiting(): void {
  waitingFiles.value = undefined;
  say('The waiting files will not be read.');
}

/** The reader is loaded on demand, because not every visitor needs it. */
async function read(files: PlacedFile[]): Promise<void> {
  isTaking.value = true;
  try {
    await (await import('./read_files.ts')).take(files);
  } catch (error) {
    pageError.value = { what: 'Part of this page could not be loaded', found: String(error), retry: () => take(files) };
  } finally {
    isTaking.value = false;
  }
}

/** Reads the waiting files as soon as nothing else is running. */
export function installWaitingFiles(): void {
  effect(() => {
    const files = waitingFiles.value;
    if (!files || isBusy() || run.value?.isUnderWay.value) return;
    waitingFiles.value = undefined;
    read(files);
  });
  // With other options the same files are another data set: a link or a saved run would otherwise describe one that isn't here.
  effect(() => {
    const last = lastFiles.value;
    const { dataset } = experiment.value;
    if (!last || dataset !== 'own' || readingOptionsOf(experiment.value) === last.options) return;
    untracked(() => take(last.files));
  });
}
