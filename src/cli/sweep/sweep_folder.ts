import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../../errors.ts';
import { counted } from '../../figures.ts';
import { makeFolder } from '../../formats/make_folder.ts';
import { parseRun, type SavedRun } from '../../formats/run_file.ts';
import { recordsOf, type SweepFile, type Trial, type TrialRecord, type TrialResult } from '../../report/sweep_file.ts';
import { leavesOf } from '../leaves.ts';
import { writeWhole } from '../whole_file.ts';

/** The description of a sweep, without its results. */
export interface SweepHead extends Omit<SweepFile, 'trials'> {
  /** All trials of the plan, in order. */
  trials: Trial[];
  /** The fingerprint of each trial's images, by the trial's id. */
  data: Record<string, string>;
}

/** A sweep as a file, with all results so far. */
export function sweepFileOf({ data: _, ...head }: SweepHead, results: Iterable<TrialResult>): SweepFile {
  return { ...head, trials: recordsOf(head.trials, results) };
}

const headFile = 'sweep.json';
const resultsFile = 'results.jsonl';

/**
 * The folder of a sweep: its description, one line for each result as it arrives, and the log and newest state of each trial. If
 * the process is killed at any time, at most the result that was being written is lost.
 */
export class SweepFolder {
  /** The newest result of each trial and kind of adapter. */
  private readonly results = new Map<string, TrialResult>();

  private constructor(
    readonly path: string,
    readonly head: SweepHead,
  ) {
    for (const result of readResults(join(path, resultsFile))) this.results.set(keyOf(result), result);
  }

  /** @throws ConfigurationError if there is no sweep. */
  static open(path: string): SweepFolder {
    const file = join(path, headFile);
    if (!existsSync(file)) {
      throw new ConfigurationError({
        what: 'There is no sweep in this folder',
        found: `no ${file}`,
        fix: 'begin it with wgrad sweep <plan>, or name its folder with --folder',
      });
    }
    const head = parsed<SweepHead>(readFileSync(file, 'utf8'), file);
    if (head?.kind !== 'wgrad sweep' || head.format !== 1) {
      throw new ConfigurationError({
        what: 'This wgrad cannot read the sweep in this folder',
        found: `${file}: ${head?.kind ?? 'something else'}, format ${head?.format}`,
        expected: 'wgrad sweep, format 1',
      });
    }
    return new SweepFolder(path, head);
  }

  /** @throws ConfigurationError if the folder has another sweep, or this one has begun and should not be resumed. */
  static begin(path: string, head: SweepHead, resume: boolean): SweepFolder {
    if (!existsSync(join(path, headFile))) {
      if (resume) SweepFolder.open(path); // throws the error that there is none
      makeFolder(path);
      for (const name of ['logs', 'states']) makeFolder(join(path, name));
      writeWhole(join(path, headFile), `${JSON.stringify(head)}\n`);
      return new SweepFolder(path, head);
    }
    const before = SweepFolder.open(path);
    const done = before.results.size;
    if (!resume && done > 0) {
      throw new ConfigurationError({
        what: 'This sweep has already begun',
        found: `${path}: ${counted(done, 'result')}`,
        fix: 'continue it with --resume, choose another folder with --folder, or delete this one',
      });
    }
    if (resume) requireSameSweep(path, before.head, head);
    dropHalfLine(join(path, resultsFile));
    writeWhole(join(path, headFile), `${JSON.stringify(head)}\n`);
    return new SweepFolder(path, head);
  }

  /** Trials with their results, for all kinds of adapters. */
  get records(): TrialRecord[] {
    return recordsOf(this.head.trials, this.results.values());
  }

  get file(): SweepFile {
    return sweepFileOf(this.head, this.results.values());
  }

  resultOf(id: string, kind: string): TrialResult | undefined {
    return this.results.get(keyOf({ id, kind }));
  }

  /** Adds a result, which is on the disk when this returns. */
  add(result: TrialResult): void {
    this.results.set(keyOf(result), result);
    const file = openSync(join(this.path, resultsFile), 'a');
    try {
      appendFileSync(file, `${JSON.stringify(result)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  log(id: string, lines: readonly string[]): void {
    appendFileSync(join(this.path, 'logs', `${id}.log`), lines.map((line) => `${line}\n`).join(''));
  }

  keepState(id: string, kind: string, state: Uint8Array): void {
    writeWhole(this.stateFile(id, kind), state);
  }

  /** The newest state of a trial that is to be continued. */
  stateOf(id: string, kind: string): SavedRun | undefined {
    const path = this.stateFile(id, kind);
    return existsSync(path) ? parseRun(readFileSync(path), path) : undefined;
  }

  dropState(id: string, kind: string): void {
    rmSync(this.stateFile(id, kind), { force: true });
  }

  private stateFile(id: string, kind: string): string {
    return join(this.path, 'states', `${id}-${kind.replaceAll(/\W+/g, '-')}.wgrad`);
  }
}

const keyOf = ({ id, kind }: Pick<TrialResult, 'id' | 'kind'>) => `${id} ${kind}`;

/** @throws ConfigurationError for invalid JSON. */
function parsed<T>(text: string, place: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new ConfigurationError(
      {
        what: 'The folder of the sweep is damaged',
        found: `${place}: ${(cause as Error).message}`,
        fix: 'remove a damaged line of results.jsonl, and its trial is trained again; or begin a new sweep with --folder',
      },
      { cause },
    );
  }
}

/** Only complete lines are read, because another process may be writing one. */
function readResults(path: string): TrialResult[] {
  return wholeLines(path)
    .split('\n')
    .flatMap((line, i) => (line === '' ? [] : [parsed<TrialResult>(line, `${path}, line ${i + 1}`)]));
}

function wholeLines(path: string): string {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

/** A process that was killed may have left a partial line at the end, to which the next result would be appended. */
function dropHalfLine(path: string): void {
  if (existsSync(path)) truncateSync(path, Buffer.byteLength(wholeLines(path)));
}

function requireSameSweep(path: string, before: SweepHead, now: SweepHead): void {
  const [there, here] = [before, now].map(({ plan, versions }) => leavesOf({ ...plan, versions })) as [Leaves, Leaves];
  const differing = [...new Set([...there.keys(), ...here.keys()])]
    .filter((name) => there.get(name) !== here.get(name))
    .map((name) => `${name} is ${there.get(name) ?? 'not'} there and ${here.get(name) ?? 'not'} here`);
  if (differing.length === 0) {
    requireSameImages(path, before, now);
    return;
  }
  throw new ConfigurationError({
    what: 'The folder has the results of another sweep',
    found: `${path}: ${differing.slice(0, 4).join('; ')}`,
    expected: 'the plan and the version that began it',
    fix: 'begin a new sweep in another folder: --folder <folder>',
  });
}

type Leaves = ReturnType<typeof leavesOf>;

/** @throws ConfigurationError if a data set has changed since the sweep began, because the trials would not be comparable. */
function requireSameImages(path: string, before: SweepHead, now: SweepHead): void {
  const changed = now.trials.filter(({ id }) => before.data[id] !== now.data[id]);
  if (changed.length === 0) return;
  throw new ConfigurationError({
    what: 'The images have changed since the sweep began',
    found: `${path}: ${counted(changed.length, 'trial')} would be trained on others, the first with ${JSON.stringify(changed[0]!.options)}`,
    expected: 'the data set that its results are of',
    fix: 'restore the data set, or begin a new sweep in another folder: --folder <folder>',
  });
}
