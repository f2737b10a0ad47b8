import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fingerprint, fingerprintOf, isDatasetName, type TrainAndTest } from '../data/index.ts';
import { ConfigurationError } from '../errors.ts';
import { parseRun, type SavedRun } from '../formats/run_file.ts';
import type { TrainerOptions } from '../index.ts';
import { fillOptimizer } from '../model/optimizer.ts';
import type { Plan } from '../train/run_length.ts';
import { readNewest } from './checkpoint_folder.ts';
import { leavesOf } from './leaves.ts';
import type { RunOptions } from './run_options.ts';

/** A run that --resume continues. */
export interface ResumedRun {
  run: SavedRun;
  /** The file that was read. */
  path: string;
  /** The checkpoint folder that contains it, if the folder was named. */
  folder?: string;
  /** Lines to print about the resumed run. */
  lines: string[];
}

/** @throws ConfigurationError or DataError for a path that is not a run, or a run that is complete. */
export function readResumed(named: string): ResumedRun {
  const at = resolve(named);
  if (!existsSync(at)) {
    throw new ConfigurationError({
      what: 'The file or folder of --resume does not exist',
      found: at,
      expected: 'the folder of --checkpoint, or the file of --save',
    });
  }
  if (!statSync(at).isDirectory()) return { run: parseRun(readFileSync(at), at), path: at, lines: [] };
  const { path, run, damaged } = readNewest(at);
  const lines = damaged.map((what) => `damaged  ${what}`);
  return { run, path, folder: at, lines };
}

/**
 * The options of a resumed run: its own, except for typed ones that may change.
 *
 * @param typed the names of the options that were given on the command line.
 * @throws ConfigurationError if one of them contradicts the run.
 */
export function optionsOfResumed<Options extends RunOptions>(
  options: Options,
  { run, path }: ResumedRun,
  typed: readonly string[],
): Options {
  const { name, clean = [], reading = {}, trainSamples, testSamples } = run.dataset;
  const isTyped = (option: string) => typed.includes(option);
  if (!isDatasetName(name) && !isTyped('dataset')) {
    throw new ConfigurationError({
      what: 'The run of --resume was trained on the images of a folder, which its file does not name',
      found: path,
      fix: 'add --dataset <folder>',
    });
  }
  const own = { dataset: name, clean, ...reading, trainSamples, testSamples };
  const differing = Object.entries({ ...own, ...(isDatasetName(name) ? {} : { dataset: options.dataset }) }).filter(
    ([option, value]) => isTyped(option) && String(options[option as keyof RunOptions]) !== String(value),
  );
  if (differing.length)
    throw anotherRun(
      path,
      differing.map(([option, value]) => `${option} is ${value} there and ${options[option as keyof RunOptions]} here`),
    );
  const epochs = options.epochs ?? run.epochs;
  const done = run.history.epochs.length;
  // A run that was killed after its last epoch still has to write its files and evaluate.
  const isToEnd = epochs === done && ['save', 'json', 'tta'].some(isTyped);
  if (epochs <= done && !isToEnd) {
    throw new ConfigurationError({
      what: 'All epochs of the run of --resume are done',
      found: `${path}: ${done} of ${epochs} epochs are done`,
      fix: `set --epochs to ${done + 1} or more to train it further`,
    });
  }
  return { ...options, ...own, epochs, ...(!isDatasetName(name) && { dataset: options.dataset }) };
}

/** The originally planned length and number of images. */
export const planOfResumed = ({ run }: ResumedRun, epochs: number): Plan => {
  const { trainSamples, testSamples } = run.dataset;
  return { epochs, trainSamples, testSamples, cut: false };
};

/** Options of the command whose name differs from the trainer's option. */
const otherNames: Record<string, readonly string[]> = {
  augment: ['augmentation'],
  optimizer: ['optimizer.type'],
  ema: ['optimizer.useEma', 'optimizer.emaMomentum'],
};

/**
 * Checks the typed options against those of the saved run.
 *
 * @param asked the trainer's options that the command line gives, including defaults.
 * @throws ConfigurationError with the differences.
 */
export function requireSameOptions(asked: TrainerOptions, { run, path }: ResumedRun, typed: readonly string[]): void {
  const [there, here] = [run.options, asked].map(filled).map((options) => leavesOf(options)) as [Leaves, Leaves];
  // The number of images on the GPU at a time does not affect the results.
  const names = typed.filter((name) => name !== 'memoryBudget').flatMap((name) => otherNames[name] ?? name);
  const isTyped = (leaf: string) => names.some((name) => `.${leaf}.`.includes(`.${name}.`));
  const differing = [...new Set([...there.keys(), ...here.keys()])]
    .filter((leaf) => isTyped(leaf) && there.get(leaf) !== here.get(leaf))
    .map((leaf) => `${leaf} is ${there.get(leaf) ?? 'not'} there and ${here.get(leaf) ?? 'not'} here`);
  if (differing.length) throw anotherRun(path, differing);
}

type Leaves = ReturnType<typeof leavesOf>;

/** The options with their defaults filled in. */
const filled = ({ optimizer, ...options }: TrainerOptions): object => ({
  ...{
    mix: 'replace',
    copies: 1,
    batchSize: 32,
    accumulationSteps: 1,
    activationStorage: 'float32',
    seed: 0,
    health: 'norms',
    loss: 'sparseCategoricalCrossentropy',
  },
  ...options,
  optimizer: fillOptimizer(optimizer ?? 'adam'),
});

/** @throws ConfigurationError for images or sample weights other than those that the run was trained on. */
export async function requireSameImages(
  datasets: TrainAndTest,
  { run, path }: ResumedRun,
  dataset: string,
): Promise<void> {
  const { imageShape, trainSamples, testSamples, data, sampleWeight } = run.dataset;
  const { train, test } = datasets;
  const weights = train.sampleWeights && (await fingerprintOf(train.sampleWeights));
  if (weights !== sampleWeight && train.count === trainSamples) {
    throw new ConfigurationError({
      what: `The training images' weights are not those that the run in ${path} was trained with`,
      found: weights === undefined ? 'no weights' : sampleWeight === undefined ? 'weights' : 'other weights',
      expected: sampleWeight === undefined ? 'no weights' : 'the same weights',
      fix: sampleWeight === undefined ? 'leave --sample-weight out' : 'use the same file for --sample-weight',
    });
  }
  const facts = (shape: readonly number[], images: number, others: number) =>
    `${images} training and ${others} test images of ${shape.join(' x ')}`;
  const here = facts(train.imageShape, train.count, test.count);
  const there = facts(imageShape, trainSamples, testSamples);
  if (here === there && (!data || data === (await fingerprint(datasets)))) return;
  throw new ConfigurationError({
    what: `The images of ${dataset} are not those that the run in ${path} was trained on`,
    found: here === there ? `${here}, but other ones` : here,
    expected: there,
    fix: 'use the same --dataset; --clean and the flags for reading a folder are taken from the run, unless an older version saved it',
  });
}

function anotherRun(path: string, differing: readonly string[]): ConfigurationError {
  const shown = differing.slice(0, 4);
  if (differing.length > shown.length) shown.push(`${differing.length - shown.length} more`);
  return new ConfigurationError({
    what: 'The run of --resume was made with other options',
    found: `${path}: ${shown.join('; ')}`,
    expected: 'the options of the run',
    fix: 'omit these flags: --resume takes them from the run',
  });
}
