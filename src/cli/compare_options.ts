import { type Command, Option } from 'commander';
import { named, type TwinOptions } from '../compare/twin_options.ts';
import { type Variable, variables } from '../compare/variables.ts';
import type { Dataset } from '../data/index.ts';
import { ConfigurationError } from '../errors.ts';
import type { AugmentationConfig, OptimizerConfig, TrainerOptions } from '../index.ts';
import { fillOptimizer } from '../model/optimizer.ts';
import { optimizerTypes } from '../model/optimizers/index.ts';
import { presetNames } from '../model/presets.ts';
import type { ScheduleConfig } from '../model/schedule.ts';
import { augmentationPresetNames } from '../train/augmentation_presets.ts';
import { addSharedFitOptions, type FitCommandOptions, fitSettingsOf } from './fit_options.ts';
import { addWorkingOptions, requireNoQueueFlags, type WorkingOptions } from './queue/working_options.ts';
import { addRunOptions, optimizerFlags, type RunOptions } from './run_options.ts';
import { modelOf, optimizerOf, trainerOptionsOf, withLossFor } from './trainer_settings.ts';
import { flagOf, integer, namedOrJson, numberOrJson, oneOf, outputFile } from './values.ts';

/** Options as the user typed them. */
export interface CompareOptions extends RunOptions, WorkingOptions, Omit<FitCommandOptions, 'tta'> {
  a: string;
  b: string;
  vary: Variable;
  /** Number of pairs: the seeds are --seed and the following ones. */
  seeds: number;
  report?: string;
  resume?: string;
  /** Tests cures instead of twins: those of a file, or the known ones. */
  cures?: string | true;
  /** Names of networks in the list: the others are left out. */
  networks?: string[];
  csv?: string;
}

/** The file to which each pair or run is written as soon as it is done; the standard output gets only the whole comparison. */
export const keptIn = ({ json }: Pick<CompareOptions, 'json'>): string | undefined => (json === '-' ? undefined : json);

/** `--a this --b remedy`: the run that the other options describe, and the same with the first remedy of its verdict. */
export const remedyOfA = 'remedy';
const thisRun = 'this';

const largestSeed = 2 ** 32 - 1;

/** Adds the options of `compare`: those of `train`, which both twins share, and those in which they differ. */
export function addCompareOptions(command: Command): Command {
  command
    .option('--a <what>', "twin A's value of the variable: for an augmentation, anything that --augment takes")
    .option(
      '--b <what>',
      "twin B's value; with --a this, remedy tests the first remedy that the verdict on a first run suggests",
    )
    .option(
      '--vary <variable>',
      `variable in which the twins differ: ${variables.join(', ')}`,
      oneOf('--vary', variables),
      'augmentation',
    )
    .option(
      '--seeds <n>',
      'number of pairs of twins, one per seed, counting up from --seed',
      integer('--seeds', { min: 1, max: 1000 }),
      5,
    )
    .option('--epochs <n>', 'number of epochs', integer('--epochs', { min: 1 }))
    .option(
      '--cures [file]',
      'instead of --a and --b: train networks whose gradients vanish or explode, without and with each of many cures; a JSON file lists other networks and cures. Each run is written to the file of --json as soon as it ends, and the same command continues from there',
    )
    .option('--networks <names>', 'with --cures: train only these networks of the list, separated by commas', (text) =>
      text.split(',').map((name) => name.trim()),
    )
    .addOption(new Option('--csv <file>', 'with --cures: write a row for each run').argParser(outputFile('--csv')));
  return addWorkingOptions(addSharedFitOptions(addRunOptions(command)))
    .addOption(
      new Option('--report <file>', 'write tables and plots as one self-contained HTML page').argParser(
        outputFile('--report'),
      ),
    )
    .addOption(
      new Option(
        '--resume <file>',
        'continue an interrupted comparison from its --json file, training only the pairs that are missing',
      ).argParser(outputFile('--resume')),
    );
}

/** Options that set for both twins what --a and --b set for each. */
const takenOver: Record<Variable, string[]> = {
  augmentation: ['augment'],
  optimizer: ['optimizer', ...optimizerFlags],
  model: ['model'],
  'learning-rate': ['learningRate'],
};

/** @param isTyped whether an option was given. @throws ConfigurationError for options that contradict each other. */
export function checkCompareOptions(options: CompareOptions, isTyped: (name: string) => boolean): void {
  const { vary, a, b, cures } = options;
  requireNoQueueFlags(options, isTyped);
  if (cures !== undefined) {
    checkCureFlags(options, isTyped);
    return;
  }
  const missing = a === undefined ? '--a' : b === undefined && '--b';
  if (missing) {
    throw new ConfigurationError({
      what: `A comparison needs ${missing}`,
      found: `no ${missing}`,
      expected: '--a <what> --b <what>, or --cures',
    });
  }
  const without = (['csv', 'networks'] as const).find((name) => options[name] !== undefined);
  if (without) {
    throw new ConfigurationError({
      what: `${flagOf(without)}applies only to tests of cures`,
      found: `${flagOf(without)} without --cures`,
      fix: `leave ${flagOf(without)} out; --json has the figures of every pair`,
    });
  }
  if (a === thisRun || b === remedyOfA) {
    if (a === thisRun && b === remedyOfA && !isTyped('vary')) {
      checkShared(options);
      return;
    }
    throw new ConfigurationError({
      what: '--a this and --b remedy can only be used together and without --vary, because the remedy determines how the twins differ',
      found: `--a ${a} --b ${b}${isTyped('vary') ? ` --vary ${vary}` : ''}`,
      expected: '--a this --b remedy',
    });
  }
  const doubled = takenOver[vary].find(isTyped);
  if (doubled !== undefined) {
    const flag = flagOf(doubled);
    throw new ConfigurationError({
      what: `${flag} sets an option of both twins, but with --vary ${vary} the twins differ in it`,
      found: `${flag} together with --a and --b`,
      fix: `omit ${flag}: --a and --b set it`,
    });
  }
  checkShared(options);
}

/** The options that also apply to the networks of a list; the list contains the rest of an experiment. */
const ofCures: readonly (keyof CompareOptions)[] = [
  ...(['cures', 'networks', 'seeds', 'seed', 'epochs', 'trainSamples', 'testSamples', 'batchSize', 'dataset'] as const),
  ...(['queue', 'data', 'checkpoints', 'stateLimit', 'queueTimeout'] as const),
  ...(['adapter', 'browser', 'host', 'chrome', 'browserTimeout', 'yes', 'json', 'csv', 'report'] as const),
];

function checkCureFlags(options: CompareOptions, isTyped: (name: string) => boolean): void {
  const others = Object.keys(options).filter((name) => isTyped(name) && !(ofCures as string[]).includes(name));
  if (others.length > 0) {
    throw new ConfigurationError({
      what: `${flagOf(others[0]!)} cannot be combined with --cures, whose list defines how its networks are trained`,
      found: others.map(flagOf).join(' '),
      expected: `--cures with some of ${ofCures.slice(1).map(flagOf).join(', ')}`,
      fix: `leave ${flagOf(others[0]!)} out, or write it into a file for --cures <file>`,
    });
  }
  checkShared(options);
}

function checkShared(options: CompareOptions): void {
  const { seed, seeds } = options;
  if (options.validationSplit === 0) {
    throw new ConfigurationError({
      what: 'A comparison needs images for validation',
      found: '--validation-split 0',
      fix: 'omit it, or use a fraction above 0',
    });
  }
  const { report } = options;
  if (report !== undefined && [options.json, options.resume].includes(report)) {
    throw new ConfigurationError({
      what: '--report would overwrite the pairs',
      found: `${report} for both`,
      fix: 'choose another file for the report',
    });
  }
  if (seed + seeds - 1 > largestSeed) {
    throw new ConfigurationError({
      what: 'There are not enough seeds above --seed',
      found: `--seed ${seed} --seeds ${seeds}`,
      expected: `seeds up to ${largestSeed}`,
    });
  }
}

/** The options of both twins, checked as far as possible without a GPU. */
export function twinsOf(options: CompareOptions, train: Dataset): TwinOptions & Required<Pick<TwinOptions, 'fit'>> {
  const { vary, a, b } = options;
  const { validationSplit: _, ...others } = options;
  const { fit } = fitSettingsOf(others);
  return { vary, a: twinOf(options, '--a', a, train), b: twinOf(options, '--b', b, train), fit };
}

function twinOf(options: CompareOptions, flag: string, text: string, train: Dataset): TrainerOptions {
  const own = ownOptions(options.vary, flag, text);
  const all = withLossFor({ ...options, ...own.flags }, train);
  try {
    const model = modelOf(all, train);
    return trainerOptionsOf(all, model, own.optimizer ? fillOptimizer(own.optimizer) : optimizerOf(all));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError({ ...error.parts, what: `${flag}: ${error.parts.what}` });
  }
}

/** The options that --a or --b sets for a twin. */
function ownOptions(
  vary: Variable,
  flag: string,
  text: string,
): { flags: Partial<RunOptions>; optimizer?: OptimizerConfig } {
  switch (vary) {
    case 'augmentation':
      return {
        flags: { augment: namedOrJson<AugmentationConfig>(flag, augmentationPresetNames, { list: true })(text) },
      };
    case 'optimizer': {
      const optimizer = namedOrJson(flag, optimizerTypes)(text);
      return { flags: {}, optimizer: optimizer as OptimizerConfig };
    }
    case 'model':
      return { flags: { model: namedOrJson(flag, presetNames)(text) } };
    case 'learning-rate':
      return { flags: { learningRate: numberOrJson<ScheduleConfig>(flag, { min: 0 })(text) } };
  }
}

/** Display name of a twin: "augmentation none". */
export const labelOf = ({ vary }: CompareOptions, text: string) => `${named(vary)} ${text}`;
