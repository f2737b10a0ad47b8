/** The parts of an error that a person can act on. */
export interface ErrorParts {
  /** The error, a full sentence without its full stop. */
  what: string;
  /** What was found in its place. */
  found?: unknown;
  /** What is expected. */
  expected?: string;
  /** How to fix it. */
  fix?: string;
  /** Where in the value that was checked, from the outside in: [2, 'degrees'] of a list of ops, ['zoomRange'] of an object. */
  place?: readonly (string | number)[];
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || value === null || value === undefined) return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/**
 * Gives a class of errors its name as a literal, which stays when a minifier renames the class. `name` is on the prototype
 * too, because V8 reads it there when it writes the first line of a stack.
 */
export function giveName(errorClass: { prototype: Error }, name: string): void {
  Object.defineProperty(errorClass, 'name', { value: name });
  errorClass.prototype.name = name;
}

/** Every error that wgrad raises on purpose: what happened, what was found, what was expected and what to do. */
export class WgradError extends Error {
  static {
    giveName(WgradError, 'WgradError');
  }
  /** The exit code of the command: 1 the run failed, 2 bad use, 3 no usable GPU. */
  readonly exitCode: number = 1;
  /** What the message consists of: what is wrong, what was found, what was expected, how to fix it. */
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

/** Any error as plain data, which can be sent to another thread or process. An unexpected one has its stack. */
export function partsOf(error: unknown): ErrorParts {
  if (error instanceof WgradError) return error.parts;
  return {
    what: 'This should not happen',
    found: error instanceof Error ? (error.stack ?? error.message) : String(error),
    fix: 'please report it',
  };
}

/** No WebGPU, no adapter of the kind asked for, a browser that is missing. */
export class SetupError extends WgradError {
  static {
    giveName(SetupError, 'SetupError');
  }
  override readonly exitCode = 3;
}

/** A value that is invalid: an option, a layer that doesn't fit, images of another shape, more data than a limit allows. */
export class ConfigurationError extends WgradError {
  static {
    giveName(ConfigurationError, 'ConfigurationError');
  }
  override readonly exitCode = 2;
}

/** A file or data set that is damaged or of another format. */
export class DataError extends WgradError {
  static {
    giveName(DataError, 'DataError');
  }
  override readonly exitCode = 2;
}

/** A shader that doesn't compile or a binding that doesn't match: a defect of wgrad or of a user's own fragment. */
export class ShaderError extends WgradError {
  static {
    giveName(ShaderError, 'ShaderError');
  }
}

/** Training can't continue: non-finite numbers, with the first layer that has them. */
export class TrainingError extends WgradError {
  static {
    giveName(TrainingError, 'TrainingError');
  }
}

/** The device went away. */
export class DeviceLostError extends WgradError {
  static {
    giveName(DeviceLostError, 'DeviceLostError');
  }
}

/** How many letters have to be inserted, deleted or replaced to make one word of the other: Levenshtein's distance. */
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
 * The known name nearest to a mistyped one: by letters, or the only one that is an abbreviation or an extension of it (std,
 * batchNorm). undefined where none is near.
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
  const related = known.filter((candidate) => begins(name, candidate) || begins(candidate, name));
  return related.length === 1 ? related[0] : undefined;
}

/** "did you mean" or the whole list: the `fix` of an unknown name. */
export function suggest(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near ? `did you mean ${JSON.stringify(near)}?` : `use one of ${known.join(', ')}`;
}
