import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { WgradError } from '../errors.ts';

/** The content of a file: all of it, or a function that writes it in pieces. */
export type Content = string | Uint8Array | ((write: (text: string) => void) => void);

/** Error codes of folders and file systems in which a file can be changed, but not replaced. */
const inPlaceOnly = ['EACCES', 'EPERM', 'EROFS', 'EBUSY'];

/**
 * Writes a file completely or not at all: into a temporary file next to it, which then replaces it. A full disk or a crash in the
 * middle leaves the original file unchanged. The path `-` stands for the standard output.
 *
 * @throws WgradError with the path and the system's reason.
 */
export function writeWhole(path: string, content: Content): void {
  try {
    if (path === '-') fill((text) => process.stdout.write(text), content);
    // A device, a pipe or a terminal cannot be replaced.
    else if (isDevice(path)) writeInPlace(path, content);
    else replace(existsSync(path) ? realpathSync(path) : path, content);
  } catch (cause) {
    throw failed(path, cause, 'free disk space, or choose a file in another place');
  }
}

/**
 * Writes like `writeWhole`, or if that fails into a new temporary folder: hours of training must not be lost to a full disk or a
 * folder that was removed.
 *
 * @throws WgradError with the path of the file in the other folder, or saying that this failed too.
 */
export function writeWholeSomewhere(path: string, content: Content): void {
  try {
    writeWhole(path, content);
  } catch (error) {
    const { cause } = error as WgradError;
    let elsewhere: string;
    try {
      elsewhere = join(mkdtempSync(join(tmpdir(), 'wgrad-')), basename(path));
      writeWhole(elsewhere, content);
    } catch {
      throw error;
    }
    throw failed(path, cause, `it was written to ${elsewhere} instead: move it to a safe place`);
  }
}

const failed = (path: string, cause: unknown, fix: string) =>
  new WgradError({ what: `Writing to ${path} failed`, found: (cause as Error).message, fix }, { cause });

function isDevice(path: string): boolean {
  // /dev/stdout may be an ordinary file, which other processes write to as well.
  return resolve(path).startsWith('/dev/') || (existsSync(path) && !statSync(path).isFile());
}

function replace(path: string, content: Content): void {
  const unfinished = temporaryName(path);
  try {
    const mode = existsSync(path) ? statSync(path).mode : undefined;
    const file = openSync(unfinished, 'w', mode);
    try {
      fill(toFile(file), content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    if (!existsSync(path) || !inPlaceOnly.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    writeInPlace(path, content);
  }
}

/**
 * The temporary name of a file that is being written. It is in the folder of the final file, because only there can it be renamed
 * atomically.
 */
export const temporaryName = (path: string): string => `${path}.${process.pid}.tmp`;

function writeInPlace(path: string, content: Content): void {
  const file = openSync(path, 'w');
  try {
    fill(toFile(file), content);
  } finally {
    closeSync(file);
  }
}

const toFile = (file: number) => (part: string | Uint8Array) => writeFileSync(file, part);

function fill(write: (part: string | Uint8Array) => void, content: Content): void {
  if (typeof content === 'function') content(write);
  else write(content);
}

/** Writes a value as JSON on one line, and reports that. */
export function writeJson(path: string, value: unknown, write = writeWhole): void {
  write(path, `${JSON.stringify(value)}\n`);
  reportWritten(path);
}

/** Prints that a file was written; nothing for the standard output. */
export function reportWritten(path: string): void {
  if (path !== '-') console.log(`written  ${path}`);
}
