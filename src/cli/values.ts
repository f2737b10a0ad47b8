import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Option } from 'commander';
import { ConfigurationError, suggest } from '../errors.ts';
import { temporaryName } from './whole_file.ts';

/** Parsers for the text of command-line options: each returns the value, or throws a ConfigurationError that names the option. */

/** The command-line form of an option's name: `--global-clipnorm` for `globalClipnorm`. */
export const flagOf = (option: string): string =>
  `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

interface Range {
  min: number;
  max?: number;
}

export function integer(flag: string, range: Range): (text: string) => number {
  return (text) => inRange(flag, text, range, 'a whole number', Number.isSafeInteger);
}

/** Parses a word, or an integer in a range. */
export function wordOrInteger<Word extends string>(
  flag: string,
  word: Word,
  range: Range,
): (text: string) => Word | number {
  return (text) =>
    text === word ? word : inRange(flag, text, range, `${word}, or a whole number`, Number.isSafeInteger);
}

export function real(flag: string, range: Range): (text: string) => number {
  return (text) => inRange(flag, text, range, 'a number', Number.isFinite);
}

function inRange(flag: string, text: string, range: Range, kind: string, valid: (value: number) => boolean): number {
  const { min, max = Infinity } = range;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (valid(value) && value >= min && value <= max) return value;
  throw new ConfigurationError({
    what: `${flag} has an invalid value`,
    found: text,
    expected: `${kind} of at least ${min}${max < Infinity ? ` and at most ${max}` : ''}`,
    fix: `correct the value, or leave ${flag} out for the default`,
  });
}

/** Units of bytes: powers of 1,000, or of 1,024 with an i. */
const unitsOfBytes: Record<string, number> = {
  ...{ '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
};

/** Parses 256MiB, 1.5GB or a number of bytes. */
export function byteSize(flag: string): (text: string) => number {
  return (text) => {
    const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
    const bytes = Math.floor(Number(digits) * (unitsOfBytes[unit?.toLowerCase() ?? ''] ?? Number.NaN));
    if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
    throw new ConfigurationError({
      what: `${flag} has an invalid value`,
      found: text,
      expected: 'a size above 0 in bytes, kB, MB, GB, KiB, MiB or GiB',
      fix: `write ${flag} 256MiB, for example, or leave it out for the default`,
    });
  };
}

export function oneOf<Name extends string>(flag: string, known: readonly Name[]): (text: string) => Name {
  return (text) => {
    if ((known as readonly string[]).includes(text)) return text as Name;
    throw new ConfigurationError({
      what: `${flag} has an unknown value`,
      found: text,
      expected: known.join(', '),
      fix: suggest(text, known),
    });
  };
}

/** Parses names separated by commas, returned in the order of `known`; also `none` and `all`. */
export function choices<Name extends string>(flag: string, known: readonly Name[]): (text: string) => Name[] {
  return (text) => {
    if (text === 'none') return [];
    if (text === 'all') return [...known];
    const names = text.split(',').map((name) => name.trim());
    const unknown = names.find((name) => !(known as readonly string[]).includes(name));
    if (unknown === undefined) return known.filter((name) => names.includes(name));
    throw new ConfigurationError({
      what: `${flag} has an unknown value`,
      found: unknown,
      expected: `none, all, or with commas between: ${known.join(', ')}`,
      fix: unknown === 'none' || unknown === 'all' ? `give ${unknown} alone` : suggest(unknown, known),
    });
  };
}

/**
 * Parses the value of --model and --augment: the name of a value, JSON text, or the path of a JSON file. The trainer checks the
 * content.
 */
export function namedOrJson<Json extends object = Record<string, unknown>>(
  flag: string,
  names: readonly string[],
  { list = false } = {},
): (text: string) => string | Json {
  return (text) => {
    if (names.includes(text)) return text;
    if (/^\s*[{[]/.test(text)) return parseJson(flag, 'the text', text, list) as Json;
    if (existsSync(text) && statSync(text).isFile()) {
      return parseJson(flag, text, readFileSync(text, 'utf8'), list) as Json;
    }
    throw new ConfigurationError({
      what: `${flag} ${names.length > 0 ? 'has a value that is neither known nor a file' : 'names a file that does not exist'}`,
      found: text,
      expected: [...names, 'JSON', 'or the path of a JSON file'].join(', '),
      ...(names.length > 0 && { fix: suggest(text, names) }),
    });
  };
}

/** Parses the value of --learning-rate: a number, or a JSON object as text or in a file. */
export function numberOrJson<Json extends object>(flag: string, range: Range): (text: string) => number | Json {
  const number = real(flag, range);
  return (text) => {
    // A file can have a name that begins like a number, such as ./rate.json.
    const isFile = Number.isNaN(Number(text)) && existsSync(text) && statSync(text).isFile();
    if (isFile) return parseJson(flag, text, readFileSync(text, 'utf8'), false) as Json;
    if (/^\s*\{/.test(text)) return parseJson(flag, 'the text', text, false) as Json;
    try {
      return number(text);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      const { parts } = error;
      throw new ConfigurationError({ ...parts, expected: `${parts.expected}, or a JSON object (text or file)` });
    }
  };
}

export function parseJson(flag: string, place: string, text: string, list: boolean): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && (list || !Array.isArray(value))) return value;
  } catch (cause) {
    throw new ConfigurationError(
      {
        what: `${flag}: ${place} is not JSON`,
        found: (cause as Error).message,
        expected: list ? 'a JSON object or list' : 'a JSON object',
      },
      { cause },
    );
  }
  throw new ConfigurationError({
    what: `${flag}: ${place} is not a JSON object`,
    found: text,
    expected: list ? '{ ... } or [ ... ]' : '{ ... }',
  });
}

/** Parses a path to write to when the run is over; a path that is not writable is rejected now rather than after ten epochs. */
export function outputFile(flag: string): (text: string) => string {
  return (text) => {
    if (text === '-') {
      throw new ConfigurationError({
        what: `${flag} does not write to the standard output`,
        found: text,
        expected: 'the path of a file',
        fix: 'name a file; ./- is a file of this name',
      });
    }
    const path = resolve(text);
    const found = problem(path);
    if (!found) return path;
    throw new ConfigurationError({
      what: `${flag} names a file that cannot be written`,
      found: `${path}: ${found}`,
      fix: existsSync(dirname(path)) ? 'choose another file' : 'create the folder, or choose another file',
    });
  };
}

/** `--json <file>`, or `--json -` for the standard output; `main` then prints everything else to the standard error. */
export const jsonOption = (what: string): Option =>
  new Option('--json <file>', `${what}; - for the standard output`).argParser((text) =>
    text === '-' ? text : outputFile('--json')(text),
  );

/** Parses a folder to write files into: if it does not exist, it must be possible to create it in its nearest existing ancestor. */
export function outputFolder(flag: string): (text: string) => string {
  return (text) => {
    const path = resolve(text);
    const found = folderProblem(path);
    if (!found) return path;
    throw new ConfigurationError({
      what: `${flag} names a folder that cannot be written to`,
      found: found.startsWith(path) ? found : `${path}: ${found}`,
    });
  };
}

/** Parses a folder to read from. */
export function existingFolder(flag: string): (text: string) => string {
  return (text) => {
    const path = resolve(text);
    const facts = statSync(path, { throwIfNoEntry: false });
    if (facts?.isDirectory()) return path;
    throw new ConfigurationError({
      what: `${flag} names a folder that does not exist`,
      found: facts ? `${path}: it is a file` : path,
      expected: 'an existing folder',
    });
  };
}

/** Creates a test folder in the nearest existing ancestor: root has all permissions, and yet /proc accepts no folders. */
function folderProblem(path: string): string | undefined {
  try {
    if (!existsSync(path)) return folderProblem(dirname(path));
    if (!statSync(path).isDirectory()) return `${path}: it is a file`;
    rmdirSync(mkdtempSync(join(path, '.wgrad-')));
    return undefined;
  } catch (cause) {
    return `${path}: ${(cause as Error).message}`;
  }
}

/** Writes a test file instead of checking permissions: root has them all, even for file systems that accept no files. */
function problem(path: string): string | undefined {
  try {
    const facts = existsSync(path) ? statSync(path) : undefined;
    if (facts?.isDirectory()) return 'it is a folder';
    // Opening a pipe would block until it has a reader.
    if (facts && (!facts.isFile() || resolve(path).startsWith('/dev/'))) accessSync(path, constants.W_OK);
    else if (facts) closeSync(openSync(path, 'r+'));
    else tryBeside(path);
    return undefined;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(dirname(path))
      ? 'its folder does not exist'
      : (cause as Error).message;
  }
}

function tryBeside(path: string): void {
  const trial = temporaryName(path);
  closeSync(openSync(trial, 'w'));
  rmSync(trial);
}
