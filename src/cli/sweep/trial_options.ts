import { Command, CommanderError } from 'commander';
import { ConfigurationError, suggest } from '../../errors.ts';
import { shellCommand } from '../../formats/shell_command.ts';
import type { OptimizerConfig } from '../../model/optimizer.ts';
import type { Json, JsonOptions } from '../../report/sweep_file.ts';
import { type AugmentationPresetName, augmentationPresets } from '../../train/augmentation_presets.ts';
import type { TrainCommandOptions } from '../train.ts';
import { addTrainOptions } from '../train_options.ts';
import { flagOf } from '../values.ts';

/** Options of `train` for a run's files, for saving it, and for where it runs: these belong to the sweep, not to a trial. */
const notOfATrial = [
  ...['json', 'save', 'csv', 'logdir', 'checkpoint', 'checkpointEvery', 'keep', 'monitor', 'resume'],
  ...[
    'applyRemedy',
    'from',
    'tta',
    'adapter',
    'browser',
    'host',
    'chrome',
    'browserTimeout',
    'yes',
    'tuning',
    'kernelVariants',
    'tensorCores',
  ],
];

/** Names of command-line options that are shorter than the library's names. */
const flagNames: Record<string, string> = { augmentation: 'augment' };
const libraryNames: Record<string, string> = { augment: 'augmentation' };

/** One parser for all trials: creating it with its forty options and texts takes longer than using it. */
let parser: Command | undefined;

function trainParser(): Command {
  parser ??= addTrainOptions(new Command('train'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  return parser;
}

const known = (): string[] =>
  trainParser()
    .options.map((option) => option.attributeName())
    .filter((name) => !notOfATrial.includes(name))
    .map((name) => libraryNames[name] ?? name);

/** Checks the name of an option, and returns its canonical name. @param place where the name was found: "base". */
export function optionName(name: string, place: string): string {
  const own = libraryNames[name] ?? name;
  if (known().includes(own)) return own;
  if (notOfATrial.includes(name)) {
    throw new ConfigurationError({
      what: `${place}: ${name} is not an option of a trial`,
      found: name,
      expected: 'options that say what is trained and how',
      fix: `leave it out of the plan${['adapter', 'browser', 'host', 'chrome', 'browserTimeout', 'yes'].includes(name) ? `, and give ${flagOf(name)} to wgrad sweep` : ''}`,
    });
  }
  throw new ConfigurationError({
    what: `${place} has an option that train does not have`,
    found: name,
    expected: `one of ${known().join(', ')}`,
    fix: suggest(name, known()),
  });
}

/** The options of `base` with one of them, or a part of one, replaced. @param path `learningRate`, `augmentation.rotationRange`. */
export function withValue(base: JsonOptions, path: string, value: Json): JsonOptions {
  const [first, ...rest] = path.split('.');
  const name = optionName(first!, 'vary');
  if (rest.length === 0) return { ...base, [name]: value };
  return { ...base, [name]: replaced(expanded(name, base[name], path), rest, value, path) };
}

/** The complete value of an option of which a path names a part: names are replaced by the objects that they stand for. */
function expanded(name: string, value: Json | undefined, path: string): Json {
  if (typeof value === 'object' && value !== null) return value;
  if (name === 'augmentation') {
    const preset = augmentationPresets[(value ?? 'tutorial') as AugmentationPresetName];
    if (preset) return preset as unknown as Json;
  }
  if (name === 'optimizer') return { type: value ?? 'adam' } satisfies Record<keyof OptimizerConfig & 'type', Json>;
  if (name === 'loss' && typeof value === 'string') return { type: value };
  if (['earlyStopping', 'reduceLrOnPlateau', 'classWeight'].includes(name) && value === undefined) return {};
  throw new ConfigurationError({
    what: `vary.${path} names a part of ${name}, which base does not have as an object`,
    found: value ?? 'nothing',
    fix: `give ${name} in base as an object with all that does not vary`,
  });
}

function replaced(whole: Json, [first, ...rest]: readonly string[], value: Json, path: string): Json {
  if (typeof whole !== 'object' || whole === null) {
    throw new ConfigurationError({ what: `vary.${path} goes into something that has no parts`, found: whole });
  }
  const next = (part: Json | undefined): Json => (rest.length === 0 ? value : replaced(part ?? {}, rest, value, path));
  if (!Array.isArray(whole)) return { ...whole, [first!]: next(whole[first!]) };
  const at = Number(first);
  if (!Number.isInteger(at) || at < 0 || at >= whole.length) {
    throw new ConfigurationError({
      what: `vary.${path} names an entry of a list that is not there`,
      found: first,
      expected: `a number from 0 to ${whole.length - 1}`,
    });
  }
  return whole.with(at, next(whole[at]));
}

/**
 * The options of a trial as `train` receives them, read by the same parsers.
 *
 * @throws ConfigurationError as `train` would.
 */
export function parseTrial(options: JsonOptions): TrainCommandOptions {
  const train = trainParser();
  const words = Object.entries(options).flatMap(([name, value]) => {
    const text = textOf(name, value);
    const flag = flagOf(flagNames[name] ?? name);
    return text === undefined ? [] : text === '' ? [flag] : [`${flag}=${text}`];
  });
  try {
    train.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new ConfigurationError({ what: error.message.replace(/^error: /, '') }, { cause: error });
  }
  return { ...train.opts<TrainCommandOptions>() };
}

/** The text of a command-line option's value; '' for one without a value, and undefined if it is left out. */
export function textOf(name: string, value: Json): string | undefined {
  const option = trainParser().options.find((each) => each.attributeName() === (flagNames[name] ?? name))!;
  if (value === null || (value === false && !option.required)) return undefined;
  if (value === true && !option.required) return '';
  if (!option.required && !option.optional) {
    throw new ConfigurationError({ what: `${name} is invalid`, found: value, expected: 'true or false' });
  }
  if (typeof value === 'string') return value;
  const isFlat = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item !== 'object');
  return isFlat && name !== 'metrics' ? value.join(',') : JSON.stringify(value);
}

/**
 * Replaces paths of JSON files by their content, so that the options determine the run completely.
 *
 * @throws ConfigurationError as `train` would.
 */
export function withoutFiles(options: JsonOptions): JsonOptions {
  const parsed = parseTrial(options) as unknown as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const read = parsed[flagNames[name] ?? name];
      const isFile =
        (fromJsonFile as readonly string[]).includes(name) && typeof value === 'string' && typeof read === 'object';
      return [name, isFile ? (read as Json) : value];
    }),
  );
}

/** Options whose text may be the path of a JSON file. */
export const fromJsonFile = ['model', 'augmentation', 'optimizer', 'loss', 'learningRate'] as const;

/** The command that trains a trial by itself. */
export const trainCommand = (options: JsonOptions): string =>
  shellCommand('train', [
    ...Object.entries(options).flatMap(([name, value]) => {
      const text = textOf(name, value);
      const flag = flagOf(flagNames[name] ?? name);
      return text === undefined ? [] : text === '' ? [flag] : [flag, text];
    }),
    // The sweep also runs without tuning, because another variant of a kernel has other bits.
    ...['--tuning', 'off'],
  ]);
