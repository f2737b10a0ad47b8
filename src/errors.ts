/** The parts of an actionable error message. */
export interface ErrorParts {
  /** The error: a full sentence without its full stop. */
  what: string;
  /** `what` without the name of the value that is wrong, for a form that shows the error at the value: "degrees is invalid". */
  problem?: string;
  /** The value that was found. */
  found?: unknown;
  /** The values that would be valid. */
  expected?: string;
  /** How to fix it. */
  fix?: string;
  /** Path within the checked value, outermost key first: [2, 'degrees'] in a list of ops, ['zoomRange'] in an object. */
  place?: readonly (string | number)[];
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || value === null || value === undefined) return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/**
 * Gives an error class its name as a literal, which survives a minifier that renames the class. `name` is set on the prototype too,
 * because V8 reads it there when it writes the first line of a stack.
 */
export function giveName(errorClass: { prototype: Error }, name: string): void {
  Object.defineProperty(errorClass, 'name', { value: name });
  errorClass.prototype.name = name;
}

/** Base class of all errors that wgrad raises deliberately: what is wrong, what was found, what was expected and how to fix it. */
export class WgradError extends Error {
  static {
    giveName(WgradError, 'WgradError');
  }
  /** Exit code of the command: 1 if the run failed, 2 for invalid usage, 3 without a usable GPU. */
  readonly exitCode: number = 1;
  /** The parts of the message: what is wrong, what was found, what was expected, how to fix it. */
  readonly parts: ErrorParts;

  constructor(parts: ErrorParts, options?: ErrorOptions) {
    const lines = [`${parts.what}.`];
    if ('found' in parts) lines.push(`found: ${show(parts.found)}`);
    if (parts.expected) lines.push(`expected: ${parts.expected}`);
    if (parts.fix) lines.push(`to do: ${parts.fix}`);
    super(lines.join('\n  '), options);
    this.parts = parts;
  }
}

/** Converts any error to plain data that can be sent to another thread or process. An unexpected error includes its stack. */
export function partsOf(error: unknown): ErrorParts {
  if (error instanceof WgradError) return error.parts;
  return {
    what: 'This should not happen',
    found: error instanceof Error ? (error.stack ?? error.message) : String(error),
    fix: 'please report it',
  };
}

/** WebGPU, an adapter of the requested kind, or a browser is missing. */
export class SetupError extends WgradError {
  static {
    giveName(SetupError, 'SetupError');
  }
  override readonly exitCode = 3;
}

/** A value is invalid: an option, a layer that doesn't fit, images of a different shape, or more data than a limit allows. */
export class ConfigurationError extends WgradError {
  static {
    giveName(ConfigurationError, 'ConfigurationError');
  }
  override readonly exitCode = 2;
}

/** A file or data set is damaged or has a different format. */
export class DataError extends WgradError {
  static {
    giveName(DataError, 'DataError');
  }
  override readonly exitCode = 2;
}

/** A shader doesn't compile or a binding doesn't match: a bug in wgrad or in a user's own fragment. */
export class ShaderError extends WgradError {
  static {
    giveName(ShaderError, 'ShaderError');
  }
}

/** Training can't continue because of non-finite numbers; names the first layer that has them. */
export class TrainingError extends WgradError {
  static {
    giveName(TrainingError, 'TrainingError');
  }
}

/** The GPU device was lost. */
export class DeviceLostError extends WgradError {
  static {
    giveName(DeviceLostError, 'DeviceLostError');
  }
}

/** Levenshtein distance: the number of letters to insert, delete or replace to turn one word into the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

/**
 * The known name closest to a mistyped one: by edit distance, or the only one that is an abbreviation or an extension of it (std,
 * batchNorm, lr). undefined if none is close.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  if (bestDistance <= Math.max(2, Math.floor(name.length / 3))) return best;
  const begins = (a: string, b: string) => a.length >= 3 && b.toLowerCase().startsWith(a.toLowerCase());
  const initials = (words: string) => words.replace(/(?!^)[^A-Z]/g, '').toLowerCase();
  const related = known.filter(
    (candidate) => begins(name, candidate) || begins(candidate, name) || initials(candidate) === name.toLowerCase(),
  );
  return related.length === 1 ? related[0] : undefined;
}

/** The `fix` for an unknown name, if it is close to a known one. `expected` has the whole list. */
export function suggest(name: string, known: readonly string[]): string | undefined {
  const near = nearest(name, known);
  return near && `did you mean ${JSON.stringify(near)}?`;
}
