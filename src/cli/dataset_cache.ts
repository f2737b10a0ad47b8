import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { WgradError } from '../errors.ts';
import { Interrupts } from './interrupts.ts';

/** The folder for the files of `wgrad data get`: WGRAD_DATA_DIR, or the platform's cache folder. */
export function cacheFolder(): string {
  const { WGRAD_DATA_DIR, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (WGRAD_DATA_DIR) return WGRAD_DATA_DIR;
  switch (process.platform) {
    case 'darwin':
      return join(homedir(), 'Library', 'Caches', 'wgrad', 'datasets');
    case 'win32':
      return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'wgrad', 'Cache', 'datasets');
    default:
      return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'wgrad', 'datasets');
  }
}

/** A data set's folder in the cache, whether or not it exists. */
export const cachedFolder = (name: string): string => join(cacheFolder(), name);

/**
 * Creates a data set's folder in the cache, completely or not at all: `make` fills a temporary folder next to it, which is renamed
 * at the end. Ctrl-C aborts the signal, and the process ends after the partial folder is removed.
 *
 * @throws WgradError if the file system refuses.
 */
export async function fillFolder(
  name: string,
  make: (folder: string, signal: AbortSignal) => Promise<void>,
): Promise<string> {
  const target = cachedFolder(name);
  const stopping = new AbortController();
  const done = fill(target, (folder) => make(folder, stopping.signal));
  const interrupts = new Interrupts(async () => {
    stopping.abort();
    await done.catch(() => undefined);
  });
  try {
    await done;
  } catch (error) {
    // The interrupt ends the process without an error message.
    if (stopping.signal.aborted) await new Promise(() => undefined);
    throw isDiskError(error) ? refused(target, error) : error;
  } finally {
    interrupts.dispose();
  }
  return target;
}

async function fill(target: string, make: (folder: string) => Promise<void>): Promise<void> {
  const cache = dirname(target);
  const folder = join(cache, `.${basename(target)}.${process.pid}.partial`);
  mkdirSync(cache, { recursive: true });
  sweep(cache);
  mkdirSync(folder);
  try {
    await make(folder);
    // Another process may have been faster; two complete folders are identical.
    if (!existsSync(target)) renameSync(folder, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes unfinished folders of processes that were killed. */
function sweep(cache: string): void {
  for (const name of readdirSync(cache)) {
    const pid = /^\..+\.(\d+)\.partial$/.exec(name)?.[1];
    if (pid && !lives(Number(pid))) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function lives(pid: number): boolean {
  // The folder is from an earlier process with the same id, because this one has only begun.
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

const isDiskError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'path' in error;

const refused = (target: string, cause: NodeJS.ErrnoException) =>
  new WgradError(
    {
      what: `The folder ${target} cannot be created`,
      found: cause.message,
      fix: 'choose a writable folder with 400 MB of free space: WGRAD_DATA_DIR=<folder>',
    },
    { cause },
  );
