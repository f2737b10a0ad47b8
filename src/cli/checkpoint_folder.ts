import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, WgradError } from '../errors.ts';
import { counted } from '../figures.ts';
import { makeFolder } from '../formats/make_folder.ts';
import { parseRun, type SavedRun } from '../formats/run_file.ts';
import { temporaryName } from './whole_file.ts';

/** File name of the best state by the monitored figure. */
const bestName = 'best.wgrad';

/** The step is padded with zeros, so that sorting by name sorts by step. */
const nameOf = (step: number) => `checkpoint-${String(step).padStart(9, '0')}.wgrad`;
const ours = /^(checkpoint-\d{9,}|best)\.wgrad$/;
const unfinished = /^(checkpoint-\d{9,}|best)\.wgrad\.\d+\.tmp$/;

/** The checkpoints in a folder, newest first, and then the best one, which may be the only one. */
export function checkpointsIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => ours.test(name)) : [];
  const rank = (name: string) => (name === bestName ? '' : name.padStart(60));
  return names.sort((a, b) => (rank(a) < rank(b) ? 1 : -1));
}

/** @throws ConfigurationError for a folder with another run's checkpoints, which would be overwritten. */
export function requireNoCheckpoints(folder: string): void {
  const found = checkpointsIn(folder);
  if (found.length === 0) return;
  throw new ConfigurationError({
    what: 'The folder of --checkpoint has checkpoints of another run, which would be overwritten',
    found: `${folder}: ${found[0]}${found.length > 1 ? ` and ${found.length - 1} more` : ''}`,
    fix: `resume that run with --resume ${folder}, choose another folder, or delete these checkpoints`,
  });
}

export interface ReadCheckpoint {
  path: string;
  run: SavedRun;
  /** A line for each newer checkpoint that could not be read. */
  damaged: string[];
}

/**
 * Reads the newest undamaged checkpoint of a folder.
 *
 * @throws ConfigurationError if there is none.
 */
export function readNewest(folder: string): ReadCheckpoint {
  const damaged: string[] = [];
  const names = checkpointsIn(folder);
  for (const name of names) {
    const path = join(folder, name);
    try {
      return { path, run: parseRun(readFileSync(path), path), damaged };
    } catch (error) {
      damaged.push(
        error instanceof WgradError ? error.parts.what : `${path} cannot be read: ${(error as Error).message}`,
      );
    }
  }
  throw new ConfigurationError({
    what: names.length ? 'No checkpoint in the folder can be read' : 'The folder has no checkpoint',
    found: damaged.length ? damaged.join('; ') : folder,
    expected: `a folder that --checkpoint wrote, with files like ${nameOf(100)}`,
  });
}

/**
 * The folder that a run's checkpoints are written to. A new one is written to a temporary file next to the older ones, flushed and
 * read back, and only then renamed: whenever the process is killed, a complete checkpoint remains.
 */
export class CheckpointFolder {
  /** @throws ConfigurationError for a folder that is not writable, which writing a test file shows. */
  constructor(
    readonly path: string,
    private readonly keep: number,
  ) {
    try {
      makeFolder(path);
      for (const name of readdirSync(path)) if (unfinished.test(name)) rmSync(join(path, name), { force: true });
      const trial = temporaryName(join(path, bestName));
      writeFileSync(trial, 'trial');
      rmSync(trial);
    } catch (cause) {
      const found = `${path}: ${(cause as Error).message}`;
      throw new ConfigurationError({ what: 'The folder of --checkpoint cannot be written to', found }, { cause });
    }
  }

  /** Writes a checkpoint, and removes all but the newest `keep`. @throws WgradError with the system's reason. */
  write(step: number, file: Uint8Array): void {
    this.place(nameOf(step), file);
    const older = checkpointsIn(this.path).filter((name) => name !== bestName);
    for (const name of older.slice(this.keep)) rmSync(join(this.path, name), { force: true });
  }

  writeBest(file: Uint8Array): void {
    this.place(bestName, file);
  }

  private place(name: string, content: Uint8Array): void {
    const path = join(this.path, name);
    const temporary = temporaryName(path);
    try {
      const file = openSync(temporary, 'w');
      try {
        writeFileSync(file, content);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      const written = readFileSync(temporary);
      if (Buffer.compare(written, content) !== 0) {
        throw new Error(`${counted(written.length, 'byte')} differ from those that were written`);
      }
      renameSync(temporary, path);
      flushFolder(this.path);
    } catch (cause) {
      rmSync(temporary, { force: true });
      throw new WgradError(
        {
          what: `Writing the checkpoint ${path} failed`,
          found: (cause as Error).message,
          fix: 'free disk space, or choose another folder',
        },
        { cause },
      );
    }
  }
}

/** Flushes the folder, so that the new name is on the disk too. Windows can't flush a folder and does not need to. */
function flushFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
