import { existsSync, readFileSync, statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { isDatasetName, numberListFormats, parseNumberList } from '../data/index.ts';
import { ConfigurationError } from '../errors.ts';
import type { FitSettings, MetricConfig } from '../index.ts';
import { fillMetrics, metricTypes } from '../model/metrics/index.ts';
import { fillFitSettings } from '../train/fill_fit_settings.ts';
import { type ClassWeight, requireClassWeight } from '../train/sample_weights.ts';
import { fillTestTimeAugmentation } from '../train/test_time_augmentation.ts';
import type { SampleWeightFile } from './run_options.ts';
import { integer, parseJson } from './values.ts';

/** The options of `train` for validation, callbacks and metrics. */
export interface FitCommandOptions {
  metrics?: MetricConfig[];
  /** null removes the setting of a resumed run. */
  earlyStopping?: FitSettings['earlyStopping'] | null;
  reduceLrOnPlateau?: FitSettings['reduceLrOnPlateau'] | null;
  terminateOnNan?: boolean;
  validationFreq?: number | number[];
  tta?: number;
  classWeight?: FitSettings['classWeight'];
}

/** Adds these options to `train`. */
export function addFitOptions(command: Command): Command {
  return addSharedFitOptions(command).addOption(
    new Option(
      '--tta <n>',
      'at the end, evaluate the network with the mean of the predictions of n augmented samples of each test image',
    ).argParser((text) => {
      const samples = integer('--tta', { min: 1 })(text);
      return fillTestTimeAugmentation(samples).samples;
    }),
  );
}

/** Adds the options that `compare` shares, for both twins. */
export function addSharedFitOptions(command: Command): Command {
  return command
    .option(
      '--metrics <names>',
      `metrics of the validation data in addition to loss and accuracy, separated by commas: ${metricTypes.slice(1).join(', ')}; or a JSON list`,
      metricsOf,
    )
    .option(
      '--early-stopping <patience>',
      "stop when the validation loss has not improved for this many epochs; or Keras' EarlyStopping as JSON, with monitor, minDelta, mode, baseline, startFromEpoch, restoreBestWeights",
      (text) => patienceOrJson('--early-stopping', 'earlyStopping', text),
    )
    .option(
      '--reduce-lr-on-plateau <patience>',
      "lower the learning rate when the validation loss has not improved for this many epochs; or Keras' ReduceLROnPlateau as JSON, with monitor, factor, mode, minDelta, cooldown, minLr",
      (text) => patienceOrJson('--reduce-lr-on-plateau', 'reduceLrOnPlateau', text),
    )
    .option(
      '--class-weight <what>',
      'weight of each class in the loss: balanced, or weights by class index as JSON: \'{ "0": 1, "1": 5 }\'',
      classWeightOf,
    )
    .option(
      '--sample-weight <file>',
      `weight of each training image in the loss: ${numberListFormats}; one number per training image, in the order of the data set before --clean and --train-samples`,
      sampleWeightOf,
    )
    .option('--terminate-on-nan', 'stop at the first step with non-finite numbers, instead of after three in a row')
    .option('--validation-freq <n>', 'validate every n epochs, or after the listed epochs: 1,2,5,10', frequencyOf);
}

function metricsOf(text: string): MetricConfig[] {
  const metrics = /^\s*\[/.test(text)
    ? (parseJson('--metrics', 'the text', text, true) as MetricConfig[])
    : (text.split(',').map((name) => name.trim()) as MetricConfig[]);
  fillMetrics(metrics);
  return metrics;
}

function patienceOrJson<Name extends 'earlyStopping' | 'reduceLrOnPlateau'>(
  flag: string,
  name: Name,
  text: string,
): FitSettings[Name] | null {
  if (text === 'none') return null;
  const config = /^\s*\{/.test(text)
    ? parseJson(flag, 'the text', text, false)
    : { patience: integer(flag, { min: 0 })(text) };
  fillFitSettings({ [name]: config });
  return config as FitSettings[Name];
}

function classWeightOf(text: string): ClassWeight {
  return requireClassWeight(/^\s*\{/.test(text) ? parseJson('--class-weight', 'the text', text, false) : text);
}

function sampleWeightOf(text: string): SampleWeightFile {
  const flag = '--sample-weight';
  if (!existsSync(text) || !statSync(text).isFile()) {
    throw new ConfigurationError({
      what: `${flag} names a file that does not exist`,
      found: text,
      expected: numberListFormats,
    });
  }
  const weights = parseNumberList(readFileSync(text), text);
  const wrong = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong < 0) return { path: text, weights };
  throw new ConfigurationError({
    what: `${flag}: the weight of training image ${wrong} is invalid`,
    found: weights[wrong],
    expected: 'a finite number >= 0',
  });
}

function frequencyOf(text: string): number | number[] {
  const parts = text.split(',').map(integer('--validation-freq', { min: 1 }));
  return parts.length === 1 ? parts[0]! : parts;
}

/**
 * The `fit` settings given by the command's options.
 *
 * @param before settings of a resumed run, which remain unless an option replaces them.
 * @returns `options`, without a --validation-split that is an option of `fit` because the data set has a test split.
 * @throws ConfigurationError
 */
export function fitSettingsOf<Options extends FitCommandOptions & { dataset: string; validationSplit?: number }>(
  options: Options,
  before: FitSettings = {},
): { fit: FitSettings; options: Options } {
  const { earlyStopping, reduceLrOnPlateau, terminateOnNan, validationFreq, dataset, validationSplit, classWeight } =
    options;
  const isOfFit = validationSplit !== undefined && isDatasetName(dataset);
  const typed: { [Name in keyof FitSettings]?: FitSettings[Name] | null } = {
    earlyStopping,
    reduceLrOnPlateau,
    terminateOnNaN: terminateOnNan,
    validationFreq,
    classWeight,
    ...(isOfFit && { validationSplit }),
  };
  if (isOfFit && before.validationSplit !== undefined && before.validationSplit !== validationSplit) {
    throw new ConfigurationError({
      what: 'The run of --resume was trained with another --validation-split',
      found: validationSplit,
      expected: String(before.validationSplit),
      fix: 'omit --validation-split: --resume takes it from the run',
    });
  }
  const given = Object.entries(typed).filter(([, value]) => value !== undefined);
  const all = { ...before, ...Object.fromEntries(given) };
  const fit: FitSettings = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  fillFitSettings(fit);
  if (!isOfFit) return { fit, options };
  const { validationSplit: _, ...rest } = options;
  return { fit, options: rest as Options };
}
