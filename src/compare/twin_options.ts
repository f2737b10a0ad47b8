import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { metricOf } from '../model/loss.ts';
import { requireTrained } from '../model/require_trained.ts';
import { checkDataset } from '../plan/check_dataset.ts';
import { parsedFor, parsedInto } from '../plan/parsed_pipeline.ts';
import type { Settings } from '../plan/settings.ts';
import { requireCallbacksFit } from '../train/callbacks/index.ts';
import { weightsOf } from '../train/class_weights.ts';
import { fillFitSettings } from '../train/fill_fit_settings.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import type { FitSettings } from '../train/fit_settings.ts';
import type { Measured } from '../train/monitor.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import type { Variable } from './variables.ts';

/** Two runs that differ in one variable. They use the pair's seed; a seed given here must be the same. */
export interface TwinOptions {
  /** The variable in which the twins differ. */
  vary: Variable;
  /** The options of twin A. */
  a: TrainerOptions;
  /** The options of twin B. */
  b: TrainerOptions;
  /** Validation and early stopping of both twins: the options of `fit` without `validationSplit`. */
  fit?: FitSettings;
}

/** The options that belong to each variable; all others must be the same. An optimizer includes its learning rate. */
const covers: Record<Variable, string[]> = {
  augmentation: ['augmentation'],
  optimizer: ['optimizer', 'learning rate'],
  model: ['model'],
  'learning-rate': ['learning rate'],
};

/**
 * Checks that the twins differ in one variable only, and that both can learn from the data.
 *
 * @throws ConfigurationError for twins that differ in more than the variable, or not in it; an augmentation that would change
 *   which images are trained on, their order, or the validation images; data that doesn't fit a model.
 */
export function requireTwins({ vary, a, b, fit = {} }: TwinOptions, datasets: { train: Dataset; test: Dataset }): void {
  const settings = [fillTrainerOptions(a), fillTrainerOptions(b)] as const;
  for (const one of settings) {
    requireTrained(one.model);
    requireComparable(one, vary, datasets);
    requireFitSettings(one, fit, datasets.train);
  }
  const [ofA, ofB] = settings.map(partsOf) as [Record<string, unknown>, Record<string, unknown>];
  const differing = Object.keys(ofA).filter((part) => canonical(ofA[part]) !== canonical(ofB[part]));
  const more = differing.filter((part) => !covers[vary].includes(part));
  if (more.length > 0) {
    throw new ConfigurationError({
      what: `The twins differ in more than the ${named(vary)}`,
      found: more.map((part) => `${part}: ${contrast(ofA[part], ofB[part])}`).join('; '),
      expected: `twins that are the same except for the ${named(vary)}`,
      fix: 'use the same values in both: a comparison that varies two things at once explains neither',
    });
  }
  if (differing.length === 0) {
    throw new ConfigurationError({
      what: `The twins differ neither in the ${named(vary)} nor in anything else`,
      found: `${named(vary)} ${canonical(ofA[covers[vary][0]!])} twice`,
      expected: 'two different values for A and B',
    });
  }
}

export const named = (vary: Variable) => vary.replace('-', ' ');

/** Whether training uses other images than evaluation. */
export function isAugmented(options: TrainerOptions): boolean {
  const settings = fillTrainerOptions(options);
  const plain = fillTrainerOptions({ ...options, augmentation: {} });
  return canonical(partsOf(settings).augmentation) !== canonical(partsOf(plain).augmentation);
}

/** Checks each twin separately. */
function requireComparable(
  settings: Settings,
  vary: Variable,
  { train, test }: { train: Dataset; test: Dataset },
): void {
  const { model, outputs, loss, inputView } = settings;
  const { augmentation } = inputView;
  for (const dataset of [train, test]) {
    checkDataset(dataset, parsedFor(augmentation, dataset.imageShape), {
      inputShape: model.inputShape,
      outputs,
      loss,
    });
  }
  const { generator } = parsedInto(augmentation, model.inputShape);
  if (generator?.validationSplit) throw ownValidation(generator.validationSplit);
  if (vary === 'augmentation' && generator && generator.compat !== 'corrected') {
    throw new ConfigurationError({
      what: "Keras' random numbers also determine the order of the samples, which would not be the same for both twins",
      found: { compat: generator.compat },
      expected: 'compat "corrected", or none, in both',
    });
  }
}

/** The figures that a twin's epochs have, which a monitor can name. */
export const measuredOf = ({ metrics, loss }: Settings): Measured => ({
  validation: true,
  accuracy: metricOf(loss) === 'accuracy',
  metrics,
});

/** @throws ConfigurationError for a monitor that is not measured, class weights that don't fit, and a validationSplit. */
function requireFitSettings(settings: Settings, fit: FitSettings, train: Dataset): void {
  const { callbacks, validationSplit, classWeight } = fillFitSettings(fit);
  if (validationSplit !== undefined) throw ownValidation(validationSplit);
  if (classWeight !== undefined) weightsOf(train, { classWeight });
  requireCallbacksFit(callbacks, measuredOf(settings), typeof settings.optimizer.learningRate !== 'number');
}

const ownValidation = (validationSplit: number) =>
  new ConfigurationError({
    what: 'Twins are validated on separate images, not on part of the training images',
    found: { validationSplit },
    expected: 'no validationSplit',
  });

/** Options of a generator that apply to every image that it decodes, including the validation images. */
const decoding = [
  'rescale',
  'samplewiseCenter',
  'samplewiseStdNormalization',
  'featurewiseCenter',
  'featurewiseStdNormalization',
  'zcaWhitening',
  'zcaEpsilon',
  'preprocessingFunction',
] as const;

/** Everything that determines a result, by the names that users know. */
function partsOf({
  model,
  optimizer,
  batchSize,
  accumulationSteps,
  activationStorage,
  lossScale,
  seed,
  inputView,
  loss,
  metrics,
}: Settings): Record<string, unknown> {
  const { learningRate, ...rest } = optimizer;
  const { augmentation, probability, views } = inputView;
  const decoder = (parsedInto(augmentation, model.inputShape).generator ?? parsedInto({}, model.inputShape).generator)!;
  const random: Record<string, unknown> = { ...decoder };
  for (const name of decoding) delete random[name];
  return {
    augmentation: Array.isArray(augmentation) && augmentation.length > 0 ? augmentation : random,
    preprocessing: Object.fromEntries(decoding.map((name) => [name, decoder[name]])),
    optimizer: rest,
    'learning rate': learningRate,
    model: [model.inputShape, model.layers.map(({ name, config }) => ({ ...config, name }))],
    'batch size': batchSize,
    'accumulation steps': accumulationSteps,
    'activation storage': activationStorage ?? 'float32',
    'loss scale': lossScale,
    mix: { probability, views },
    loss,
    metrics: metrics.map(({ name, ...options }) => ({ ...options, name })),
    seed,
  };
}

/** Both values of the varied option as text. If both are objects, only the keys that differ. */
function contrast(a: unknown, b: unknown): string {
  const isPlain = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isPlain(a) || !isPlain(b)) return `${canonical(a)} and ${canonical(b)}`;
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names
    .filter((name) => canonical(a[name]) !== canonical(b[name]))
    .map((name) => `${name} ${canonical(a[name])} and ${canonical(b[name])}`)
    .join(', ');
}

/** JSON with sorted keys: equal for equal values. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, it) =>
      typeof it === 'object' && it !== null && !Array.isArray(it)
        ? Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)))
        : it,
    ) ?? 'none'
  );
}
