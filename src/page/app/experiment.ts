import { areCharacters } from '../../data/characters.ts';
import { largestImageSize } from '../../data/reading_options.ts';
import type { DatasetFacts } from '../../data/served_datasets.ts';
import { type ErrorParts, nearest, partsOf } from '../../errors.ts';
import { figure } from '../../figures.ts';
import { healthLevels } from '../../health/health.ts';
import {
  type AugmentationConfig,
  adam,
  ConfigurationError,
  describeModels,
  type Finding,
  type FitSettings,
  findings,
  type HealthLevel,
  type LearningRate,
  type LossConfig,
  type MetricConfig,
  type Model,
  type OpConfig,
  type OptimizerConfig,
  sequential,
  type Variable,
  withClasses,
} from '../../index.ts';
import { withOutputs } from '../../model/classes.ts';
import { defaultLoss, endingFor, fillLoss } from '../../model/loss.ts';
import { lossDefinition, lossTypes } from '../../model/losses/index.ts';
import { fillMetrics } from '../../model/metrics/index.ts';
import { fillOptimizer } from '../../model/optimizer.ts';
import { type FilledLearningRate, fillLearningRate } from '../../model/schedule.ts';
import { tutorialBatchSize } from '../../model/tutorial.ts';
import type { AugmentationPresetName } from '../../train/augmentation_presets.ts';
import { fillFitSettings } from '../../train/fill_fit_settings.ts';
import { fitSettingNames } from '../../train/fit_settings.ts';
import { withPowers } from '../ui/numbers.ts';
import { augmentationPresets, modelPresets } from './presets.ts';
import { viewNames } from './view.ts';

/** Everything that determines a run: the same experiment on the same adapter gives the same bits. Plain JSON. */
export interface Experiment {
  /** The name of a built-in data set, or `own` for the user's images. */
  dataset: string;
  /** Findings whose images are left out. */
  clean: readonly Finding[];
  /** Width and height of the images that the user's own pictures become; if omitted, the size follows from theirs. */
  imageSize?: number | undefined;
  /** Which labels the user's own files are read with, if they have several kinds. */
  labels?: string | undefined;
  /** Whether values of the user's own files that use only part of their range are stretched to the full range. */
  stretch?: true | undefined;
  /** A preset's name, or an augmentation for createTrainer; left out for the one that suits the classes. */
  augmentation?: string | AugmentationConfig;
  /** Ops that are switched off and can be switched on again, by their position among all ops. */
  switchedOff?: Record<number, OpConfig>;
  /** A preset's name, which adapts to the images and classes, or a model for createTrainer. */
  model: string | Model;
  optimizer: Exclude<OptimizerConfig, string>;
  /** Left out for the loss that suits the labels. */
  loss?: Exclude<LossConfig, string>;
  batchSize: number;
  /** Number of batches whose gradients each step accumulates. */
  accumulationSteps: number;
  /** Limit for network and images in MiB of GPU memory; left out for one based on the adapter's limits. */
  memoryBudget?: number | undefined;
  /** Left out for float32. */
  activationStorage?: 'float16' | undefined;
  /** With float16; left out for one that suits the batch size. */
  lossScale?: number | 'dynamic' | undefined;
  seed: number;
  /** Which gradient statistics are measured; they do not affect training. */
  health: HealthLevel;
  /** Validation metrics in addition to loss and accuracy. */
  metrics?: readonly MetricConfig[];
  /** Validation and early stopping options. */
  fit?: FitSettings;
  /** Number of augmented samples per validation image that the results average over; without it, images are not augmented. */
  testTimeAugmentation?: number;
  /** Left out for a number that suits the adapter. */
  epochs?: number;
  trainSamples?: number;
  testSamples?: number;
  /** A twin that is trained in lock-step with the network and differs in one variable. */
  twin?: Change | undefined;
}

/** The value with which twin B replaces the experiment's: the name of a preset or an optimizer, a learning rate, or JSON. */
export interface Change {
  vary: Variable;
  to: string;
}

/** An experiment whose augmentation is resolved. */
export type SettledExperiment = Experiment & Required<Pick<Experiment, 'augmentation'>>;

export const defaults: Experiment = {
  dataset: 'mnist',
  clean: [],
  augmentation: undefined,
  model: 'tutorial',
  optimizer: adam(),
  batchSize: tutorialBatchSize,
  accumulationSteps: 1,
  seed: 0,
  health: 'norms',
};

/**
 * What the page opens with: the experiment of the gallery whose recorded run is shown before anything is trained, so that Train
 * repeats what the visitor sees.
 */
export const initial: Experiment = {
  ...defaults,
  dataset: 'digits',
  augmentation: 'none',
  model: 'deep-sigmoid',
  epochs: 5,
};

/** Maximum number of characters of a column name. */
const longestLabels = 200;

/** Conversion of a field of the experiment to and from the URL. */
interface Parameter {
  /** The name of the command's option. */
  name: string;
  /** undefined for the default. */
  write(experiment: Experiment): string | undefined;
  /** @throws ConfigurationError for invalid text. */
  read(text: string): Partial<Experiment>;
}

/** The static loss scales of activations in float16. */
export const lossScales = Array.from({ length: 25 }, (_, i) => String(2 ** i));

const isLevel = (text: string): text is HealthLevel => (healthLevels as readonly string[]).includes(text);

const whole = (name: string, field: WholeField, least: number, most: number): Parameter => ({
  name,
  write: (experiment) => (experiment[field] === defaults[field] ? undefined : String(experiment[field])),
  read: (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return { [field]: value };
    throw refusal(name, text, `a whole number from ${least} to ${most}`);
  },
});
type WholeField =
  | 'imageSize'
  | 'batchSize'
  | 'accumulationSteps'
  | 'memoryBudget'
  | 'seed'
  | 'testTimeAugmentation'
  | 'epochs'
  | 'trainSamples'
  | 'testSamples';

/** Each sample is a pass over the validation images. */
export const mostTestTimeSamples = 1000;

/** The named values of each variable that twin B can have; a variable without names takes any number. */
const twinChoices: Record<Variable, readonly string[]> = {
  augmentation: Object.keys(augmentationPresets),
  optimizer: describeModels().optimizers.map(({ type }) => type),
  model: Object.keys(modelPresets),
  'learning-rate': [],
};

const parameters: readonly Parameter[] = [
  {
    name: 'dataset',
    write: ({ dataset }) => dataset,
    read: (text) => {
      if (/^[a-z0-9-]{1,40}$/.test(text)) return { dataset: text };
      throw refusal('dataset', text, 'the name of a data set');
    },
  },
  {
    name: 'clean',
    write: ({ clean }) => clean.join() || undefined,
    read: (text) => {
      const named: readonly string[] = text === 'all' ? findings : text === 'none' ? [] : text.split(',');
      const unknown = named.find((name) => !(findings as readonly string[]).includes(name));
      if (unknown === undefined) return { clean: findings.filter((finding) => named.includes(finding)) };
      throw refusal('clean', unknown, `none, all, or some of ${findings.join(', ')}`);
    },
  },
  whole('image-size', 'imageSize', 1, largestImageSize),
  {
    name: 'labels',
    write: ({ labels }) => labels,
    read: (text) => {
      if (text.trim() !== '' && text.length <= longestLabels) return { labels: text };
      throw refusal('labels', text, 'fine, coarse, or the name of a column or array');
    },
  },
  {
    name: 'stretch',
    write: ({ stretch }) => stretch && 'true',
    read: (text) => {
      if (text === 'true') return { stretch: true };
      if (text === 'false') return {};
      throw refusal('stretch', text, 'true or false');
    },
  },
  {
    name: 'augment',
    write: ({ augmentation }) => unlessDefault(augmentation, defaults.augmentation),
    read: (text) => ({
      augmentation: nameOrJson('augment', text, Object.keys(augmentationPresets)) as AugmentationConfig,
    }),
  },
  {
    name: 'augment-off',
    write: ({ switchedOff }) => switchedOff && JSON.stringify(switchedOff),
    read: (text) => {
      const switchedOff = nameOrJson('augment-off', text, []) as Record<number, OpConfig>;
      if (Object.entries(switchedOff).every(([at, op]) => /^\d{1,3}$/.test(at) && op?.type)) return { switchedOff };
      throw refusal('augment-off', text, 'ops by their place in the list');
    },
  },
  {
    name: 'model',
    write: ({ model }) => unlessDefault(model, defaults.model),
    read: (text) => {
      const model = nameOrJson('model', text, Object.keys(modelPresets)) as string | Model;
      // The model's panel shows whether the layers fit the images, but a model without layers would be shown nowhere.
      if (typeof model !== 'string') requireOutline(model);
      return { model };
    },
  },
  {
    name: 'optimizer',
    write: ({ optimizer }) => unlessDefault(optimizer, defaults.optimizer),
    read: (text) => {
      const { type, ...options } = nameOrJson('optimizer', text, []) as Exclude<OptimizerConfig, string>;
      const optimizer = { ...options, type } as Experiment['optimizer'];
      fillOptimizer(optimizer); // throws the error that describes what is wrong
      return { optimizer };
    },
  },
  {
    name: 'loss',
    write: ({ loss }) => loss && (Object.keys(loss).length > 1 ? JSON.stringify(loss) : loss.type),
    read: (text) => {
      const loss = nameOrJson('loss', text, lossTypes) as LossConfig;
      fillLoss(loss); // throws the error that describes what is wrong
      return { loss: typeof loss === 'string' ? { type: loss } : loss };
    },
  },
  whole('batch-size', 'batchSize', 1, 65536),
  whole('accumulation-steps', 'accumulationSteps', 1, 65536),
  whole('memory-budget', 'memoryBudget', 1, 2 ** 20),
  {
    name: 'activation-storage',
    write: ({ activationStorage }) => activationStorage,
    read: (text) => {
      if (text === 'float16') return { activationStorage: text };
      if (text === 'float32') return {};
      throw refusal('activation-storage', text, 'float32, float16');
    },
  },
  {
    name: 'loss-scale',
    write: ({ lossScale }) => lossScale?.toString(),
    read: (text) => {
      if (text === 'dynamic') return { lossScale: text };
      if (lossScales.includes(text)) return { lossScale: Number(text) };
      throw refusal('loss-scale', text, 'dynamic, or a power of two from 1 to 2^24');
    },
  },
  whole('seed', 'seed', 0, 2 ** 32 - 1),
  {
    name: 'health',
    write: ({ health }) => unlessDefault(health, defaults.health),
    read: (text) => {
      if (isLevel(text)) return { health: text };
      throw refusal('health', text, healthLevels.join(', '));
    },
  },
  {
    name: 'metrics',
    write: ({ metrics }) => metrics && JSON.stringify(metrics),
    read: (text) => {
      const metrics = nameOrJson('metrics', text, []) as MetricConfig[];
      fillMetrics(metrics); // throws the error that describes what is wrong
      return { metrics };
    },
  },
  {
    name: 'fit',
    write: ({ fit }) => fit && JSON.stringify(fit),
    read: (text) => {
      const fit = nameOrJson('fit', text, []) as FitSettings;
      const unknown = Object.keys(fit).find((name) => !(fitSettingNames as readonly string[]).includes(name));
      if (unknown !== undefined) throw refusal('fit', unknown, fitSettingNames.join(', '));
      fillFitSettings(fit); // throws the error that describes what is wrong
      return { fit };
    },
  },
  whole('test-time-augmentation', 'testTimeAugmentation', 1, mostTestTimeSamples),
  whole('epochs', 'epochs', 1, 1e6),
  whole('train-samples', 'trainSamples', 1, 1e9),
  whole('test-samples', 'testSamples', 1, 1e9),
  {
    name: 'twin',
    write: ({ twin }) => twin && `${twin.vary}:${twin.to}`,
    read: (text) => {
      const [, vary, to] = /^([a-z-]+):(.+)$/.exec(text) ?? [];
      const known = twinChoices[vary as Variable];
      if (known?.length && isJson(to)) {
        ofTwin({ vary: vary as Variable, to }); // throws the error that describes what is wrong
        return { twin: { vary: vary as Variable, to } };
      }
      if (to !== undefined && known && (known.length ? known.includes(to) : Number(to) > 0)) {
        return { twin: { vary: vary as Variable, to } };
      }
      const ways = Object.keys(twinChoices).map((name) => `${name}:…`);
      throw refusal('twin', text, known?.map((name) => `${vary}:${name}`).join(', ') || ways.join(', '));
    },
  },
];

const isJson = (text: string | undefined): text is string => text !== undefined && /^[[{]/.test(text);

/** Whether twin B differs in JSON, which would be a long name. */
export const isOwnOf = ({ to }: Change): boolean => isJson(to);

/** The field of twin B that differs, if it is JSON. */
export function ofTwin({ vary, to }: Change): Partial<Experiment> {
  const name = vary === 'augmentation' ? 'augment' : vary;
  return parameters.find((parameter) => parameter.name === name)!.read(to);
}

/** The URL's fragment, without the #. Defaults are left out, except for the data set: a link names it. */
export function encode(experiment: Experiment): string {
  const search = new URLSearchParams();
  for (const { name, write } of parameters) {
    const text = write(experiment);
    if (text !== undefined) search.set(name, text);
  }
  // JSON remains readable: browsers display these characters unchanged and accept them in a fragment.
  return search.toString().replace(/%(7B|7D|22|3A|2C|5B|5D)/g, (code) => decodeURIComponent(code));
}

/**
 * Parses a URL's fragment. Invalid parts are reported and replaced by their defaults; if it has no part of an experiment, the result
 * is the initial one.
 */
export function decode(hash: string): { experiment: Experiment; refused: ConfigurationError[]; named: boolean } {
  const refused: ConfigurationError[] = [];
  const search = new URLSearchParams(hash.replace(/^#/, ''));
  let experiment = { ...(parameters.some(({ name }) => search.has(name)) ? defaults : initial) };
  refused.push(...unknownKeys(search));
  for (const { name, read } of parameters) {
    const text = search.get(name);
    if (text === null) continue;
    try {
      experiment = { ...experiment, ...read(text) };
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      refused.push(error);
    }
  }
  return { experiment, refused, named: search.has('dataset') };
}

/** Other common names for the parts of an experiment. */
const otherNames: Record<string, string> = {
  lr: 'optimizer',
  'learning-rate': 'optimizer',
  aug: 'augment',
  augmentation: 'augment',
  data: 'dataset',
  batch: 'batch-size',
  network: 'model',
  samples: 'train-samples',
};

/** Whether a key of a URL is a part of an experiment. */
export const isPart = (key: string): boolean => parameters.some(({ name }) => name === key);

/** Unknown and duplicate keys are reported: a mistyped link would train a different experiment. */
function unknownKeys(search: URLSearchParams): ConfigurationError[] {
  const names = parameters.map(({ name }) => name);
  return [...new Set(search.keys())].flatMap((key) => {
    const values = search.getAll(key);
    if (viewNames.includes(key)) return [];
    if (names.includes(key)) {
      if (values.length === 1) return [];
      return new ConfigurationError({
        what: `This page's URL has ${key} more than once: the first is used`,
        found: values.join(', '),
        expected: 'one',
        place: [key],
      });
    }
    // Spellings used elsewhere: batchSize, batch_size.
    const dashed = key
      .replace(/([a-z])([A-Z])/g, '$1-$2')
      .replaceAll('_', '-')
      .toLowerCase();
    const near = otherNames[dashed] ?? nearest(dashed, names);
    const value = values[0] ?? '';
    const rate = `a learning rate is a part of the optimizer: optimizer={"type":"adam","learningRate":${Number(value) || 0.001}}`;
    return new ConfigurationError({
      what: `This page's URL has an unknown parameter, which is ignored: ${key}`,
      found: value ? `${key}=${value}` : key,
      expected: names.join(', '),
      ...(near && { fix: near === 'optimizer' && otherNames[dashed] ? rate : `did you mean ${near}?` }),
      place: [key],
    });
  });
}

/** The labels that the outputs of an experiment's model correspond to: the classes, or the target numbers of each image. */
export type Labels = Pick<DatasetFacts, 'classNames' | 'targetNames'>;

/**
 * The model to train, for a given input shape and labels. A preset gets the output layer that the loss needs. The model may not
 * fit: createTrainer reports that.
 */
export function modelOf({ model, loss }: Experiment, inputShape: Model['inputShape'], labels: Labels): Model {
  const outputs = outputsOf(labels);
  if (typeof model === 'string') return endingFor(modelPresets[model]!(inputShape, outputs), lossOf({ loss }));
  const layers = labels.targetNames ? withOutputs(model.layers, outputs) : withClasses(model.layers, outputs);
  return { inputShape, layers };
}

/** The loss of an experiment, by default that for classes. */
export const lossOf = ({ loss }: Pick<Experiment, 'loss'>): Exclude<LossConfig, string> =>
  loss ?? { type: defaultLoss };

/** Whether two losses are equal after defaults are filled in; an invalid loss equals no other. */
export function sameLoss(a: LossConfig, b: LossConfig): boolean {
  try {
    return JSON.stringify(fillLoss(a)) === JSON.stringify(fillLoss(b));
  } catch {
    return false;
  }
}

/** Whether the labels are mutually exclusive classes: only those have an accuracy by class and a confusion matrix. */
export const isCategorical = (experiment: Pick<Experiment, 'loss'>): boolean =>
  lossDefinition(lossOf(experiment).type).ending === 'softmax';

/** The name of the metric that is measured in addition to the loss. */
export const metricWords = (experiment: Pick<Experiment, 'loss'>): string =>
  hasAccuracy(experiment) ? 'accuracy' : 'mean absolute error';

export const hasAccuracy = (experiment: Pick<Experiment, 'loss'>): boolean =>
  lossDefinition(lossOf(experiment).type).metric === 'accuracy';

/** The names of a model's outputs. */
export const namesOf = ({ classNames, targetNames }: Labels): readonly string[] => targetNames ?? classNames;

/** Number of a model's outputs. */
export const outputsOf = (labels: Labels): number => namesOf(labels).length;

/** The loss of an experiment without one, for images with numbers instead of classes. */
export function lossFor({ targetNames, areYesOrNo }: DatasetFacts): Experiment['loss'] {
  if (!targetNames) return undefined;
  return { type: areYesOrNo ? 'binaryCrossentropy' : 'meanSquaredError' };
}

/** The given learning rate, or the optimizer's default. */
export function learningRateOf({ type, learningRate }: Experiment['optimizer']): LearningRate {
  const options = describeModels().optimizers.find((optimizer) => optimizer.type === type)?.options;
  return learningRate ?? (options?.find(({ name }) => name === 'learningRate')?.default as number);
}

export const sameRate = (a: LearningRate, b: LearningRate): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The learning rate with its defaults, or its error, because a form may be in the middle of an edit. */
export function filledRate(rate: LearningRate): { filled?: FilledLearningRate; error?: ErrorParts } {
  try {
    return { filled: fillLearningRate(rate) };
  } catch (error) {
    return { error: partsOf(error) };
  }
}

/** Whether a trainer would accept the learning rate. */
export const isValidRate = (rate: LearningRate): boolean => filledRate(rate).error === undefined;

/** Replaces a constant rate, or a schedule's initial or warmup target rate. */
export function withRate(rate: LearningRate, to: number): LearningRate {
  if (typeof rate === 'number') return to;
  const name = ['maxLearningRate', 'warmupTarget', 'initialLearningRate'].find((name) => name in rate);
  return name ? ({ ...rate, [name]: to } as LearningRate) : to;
}

/** 0.001, or "cosineDecay". */
export const rateWords = (rate: LearningRate): string =>
  typeof rate === 'number' ? withPowers(figure(rate)) : rate.type;

/** In the syntax of --learning-rate. */
export const rateText = (rate: LearningRate): string =>
  typeof rate === 'number' ? String(rate) : JSON.stringify(rate);

export const augmentationOf = ({ augmentation }: SettledExperiment): AugmentationConfig =>
  typeof augmentation === 'string' ? augmentationPresets[augmentation]! : augmentation;

/** The augmentation of an experiment without one: the flip is left out if mirroring would change digits or letters. */
export const augmentationFor = (classNames: readonly string[]): AugmentationPresetName =>
  areCharacters(classNames) ? 'handwriting' : 'tutorial';

const sameJson = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

function unlessDefault(value: unknown, byDefault: unknown): string | undefined {
  if (sameJson(value, byDefault)) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function nameOrJson(name: string, text: string, names: readonly string[]): unknown {
  if (names.includes(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // reported below
  }
  throw refusal(name, text, [...names, 'JSON'].join(', '));
}

function requireOutline(model: Model): void {
  if (Array.isArray(model.layers) && model.layers.length > 0) return;
  sequential(model); // throws the error that describes what is wrong
}

function refusal(name: string, found: string, expected: string): ConfigurationError {
  return new ConfigurationError({
    what: `Invalid ${name} in this page's URL: the default is used`,
    found,
    expected,
    place: [name],
  });
}
