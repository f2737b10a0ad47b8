import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { checkpointsIn } from '../../src/cli/checkpoint_folder.ts';
import { crashingChrome, type Mishap, outcomeOf, wgrad } from './command.ts';

/** A network that trains for some seconds and uses all kinds of random numbers. */
const model = JSON.stringify({
  inputShape: [8, 8, 1],
  layers: [
    { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
    { type: 'flatten' },
    { type: 'dropout', rate: 0.2 },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
});
const epochs = 4;
const training = [
  'train',
  '--dataset',
  'digits',
  '--adapter',
  'software',
  '--model',
  model,
  '--batch-size',
  '8',
  '--train-samples',
  '752',
  '--seed',
  '3',
];
const every = ['--checkpoint-every', '40steps'];
/** Steps of a run: 752 images in batches of 8. */
const steps = epochs * 94;

export interface Trial {
  kind: string;
  moment: string;
  /** The result. */
  outcome: string;
  passed: boolean;
  seconds: number;
}

/** Interrupts runs, and compares their results to an uninterrupted run. */
export class Trials {
  private count = 0;
  private expected: object | undefined;
  private wholeMs = 0;
  /** Folder with the files of the reference run and its checkpoints. */
  private whole = '';

  /** @param random returns numbers from 0 to 1. */
  constructor(
    private readonly folder: string,
    private readonly random: () => number,
  ) {}

  /** Trains the reference run. */
  async prepare(): Promise<void> {
    this.whole = this.newFolder();
    const checkpoints = join(this.whole, 'checkpoints');
    const { code, stdout, stderr, seconds } = await wgrad([
      ...[...training, '--epochs', String(epochs), ...this.files(this.whole), ...every],
      ...['--checkpoint', checkpoints],
    ]);
    this.expected = outcomeOf(this.whole);
    const found = checkpointsIn(checkpoints).length;
    if (code !== 0 || !this.expected || found < 3) {
      throw new Error(`The undisturbed run failed, or left ${found} checkpoints: ${stdout}${stderr}`);
    }
    this.wholeMs = 1000 * seconds;
  }

  /** Kills the command with kill -9, then runs it again with --resume, or from the start if there was no checkpoint yet. */
  async killCommand(): Promise<Trial> {
    const isStarting = this.random() < 0.2;
    let [milliseconds, step] = [Math.round(this.random() * this.wholeMs), Math.floor(this.random() * steps)];
    for (;;) {
      const folder = this.newFolder();
      const checkpoints = join(folder, 'checkpoints');
      const args = [...training, '--epochs', String(epochs), ...this.files(folder), ...every];
      const begun = performance.now();
      const isDue = isStarting
        ? () => performance.now() - begun >= milliseconds
        : () => rowsOf(join(folder, 'run.csv')) > step;
      const killed = await wgrad([...args, '--checkpoint', checkpoints], isDue);
      if (killed.code === 0) {
        [milliseconds, step] = [Math.floor(milliseconds / 2), Math.floor(step / 2)]; // It had ended before.
        continue;
      }
      const moment = isStarting ? `${milliseconds} ms after its start` : `when step ${step} was in the CSV`;
      const left = checkpointsIn(checkpoints);
      const resumes = left.length > 0 ? ['--resume', checkpoints] : ['--checkpoint', checkpoints];
      const resumed = await wgrad([...args, ...resumes]);
      const place = /^resumed .*after step (\S+)/m.exec(resumed.stdout)?.[1];
      const how = place ? `resumed after step ${place}` : 'began again: there was no checkpoint yet';
      return this.judge('command killed', moment, how, folder, resumed, killed.seconds);
    }
  }

  /** Makes Chrome or its GPU fail, once in each of the given ways: the command restarts it automatically. */
  async crash(...mishaps: Mishap[]): Promise<Trial> {
    // One moment in each of as many parts of the run.
    let moments = mishaps.map((_, i) => Math.floor(((i + this.random()) * steps) / mishaps.length));
    if (this.random() < 0.2) moments[0] = 0;
    for (;;) {
      const folder = this.newFolder();
      const chrome = await crashingChrome(folder, mishaps, moments);
      const states = this.random() < 0.5 ? [...every, '--checkpoint', join(folder, 'checkpoints')] : [];
      const ended = await wgrad([
        ...[...training, '--epochs', String(epochs), ...this.files(folder)],
        ...['--chrome', chrome, ...states],
      ]);
      const lost = [...ended.stdout.matchAll(/^lost .*the run continues (.*)$/gm)];
      if (lost.length < mishaps.length && ended.code === 0 && moments.at(-1)! > 1) {
        moments = moments.map((step) => Math.floor(step / 2)); // It had ended before.
        continue;
      }
      const places = lost.map(([, place]) => place).join(', then ');
      return this.judge(
        mishaps.join(', '),
        moments.map((step) => (step ? `when the page reported step ${step}` : 'as fit was called')).join(', '),
        `lost ${lost.length} time${lost.length === 1 ? '' : 's'}${places && `, went on ${places}`}`,
        folder,
        ended,
        0,
        lost.length === mishaps.length,
      );
    }
  }

  /** Truncates the newest checkpoint or flips a bit: it is rejected, and the run is repeated from the previous one. */
  async damage(): Promise<Trial> {
    const folder = this.newFolder();
    cpSync(this.whole, folder, { recursive: true });
    rmSync(join(folder, 'run.wgrad'));
    const checkpoints = join(folder, 'checkpoints');
    const [newest] = checkpointsIn(checkpoints);
    const path = join(checkpoints, newest!);
    const bytes = readFileSync(path);
    const at = Math.floor(this.random() * bytes.length);
    const bit = Math.floor(this.random() * 8);
    const isCut = this.random() < 0.5;
    if (isCut) truncateSync(path, at);
    else {
      bytes[at]! ^= 1 << bit;
      writeFileSync(path, bytes);
    }
    const moment = isCut ? `cut after byte ${at} of ${bytes.length}` : `bit ${bit} of byte ${at} turned`;
    const ended = await wgrad([
      ...[...training, '--epochs', String(epochs), ...this.files(folder), ...every],
      ...['--resume', checkpoints],
    ]);
    const refused = /^damaged .*/m.test(ended.stdout);
    const place = /^resumed .*after step (\S+)/m.exec(ended.stdout)?.[1];
    const how = `${refused ? 'refused' : 'not refused'}, resumed after step ${place}`;
    return this.judge('checkpoint damaged', moment, how, folder, ended, 0, refused);
  }

  private judge(
    kind: string,
    moment: string,
    how: string,
    folder: string,
    { code, stderr, seconds }: { code: number | null; stderr: string; seconds: number },
    before = 0,
    happened = true,
  ): Trial {
    const isSame = isDeepStrictEqual(outcomeOf(folder), this.expected);
    const passed = code === 0 && isSame && happened;
    const outcome = passed
      ? how
      : `${how}; exit code ${code}, ${isSame ? 'the same' : 'other'} bits and records ${stderr}`;
    if (passed) rmSync(folder, { recursive: true, force: true });
    return { kind, moment, outcome, passed, seconds: before + seconds };
  }

  private newFolder(): string {
    const folder = join(this.folder, `trial-${this.count++}`);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  private readonly files = (folder: string) => ['--save', join(folder, 'run.wgrad'), '--csv', join(folder, 'run.csv')];
}

/** Complete rows of a CSV, including the header. */
const rowsOf = (path: string): number =>
  existsSync(path) ? readFileSync(path).filter((byte) => byte === 10).length : 0;

/** Number of trials of each kind. */
export interface Counts {
  commands: number;
  gpus: number;
  devices: number;
  checkpoints: number;
}

/** Runs all trials, a few at a time. @param report called as each one ends. */
export async function runTrials(
  trials: Trials,
  { commands, gpus, devices, checkpoints }: Counts,
  jobs: number,
  report: (trial: Trial) => void,
): Promise<Trial[]> {
  const times = (n: number, trial: () => Promise<Trial>) => Array.from({ length: n }, () => trial);
  const waiting = [
    ...times(commands, () => trials.killCommand()),
    ...times(gpus, () => trials.crash('GPU process killed')),
    ...times(devices, () => trials.crash('device destroyed')),
    ...times(checkpoints, () => trials.damage()),
  ];
  const done: Trial[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const trial = await next();
      done.push(trial);
      report(trial);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return done;
}

/** Numbers from 0 to 1 determined by a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
