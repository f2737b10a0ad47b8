import { areCharacters } from '../../data/characters.ts';
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
import { augmentationPresets, modelPresets } from './presets.ts';
import { viewNames } from './view.ts';

/** All that decides how a run goes: the same experiment on the same adapter gives the same bits. Plain JSON. */
export interface Experiment {
  /** One of the data sets by its name, or `own` for the user's images. */
  dataset: string;
  /** What is left out of it. */
  clean: readonly Finding[];
  /** A preset's name, or what createTrainer takes; left out for the one that suits the classes. */
  augmentation?: string | AugmentationConfig;
  /** Ops that are no part of the list now, by their place among all: to be switched on again. */
  switchedOff?: Record<number, OpConfig>;
  /** A preset's name, which suits itself to the images and classes, or what createTrainer takes. */
  model: string | Model;
  optimizer: Exclude<OptimizerConfig, string>;
  /** Left out for the one that suits the labels. */
  loss?: Exclude<LossConfig, string>;
  batchSize: number;
  /** Batches whose gradients a step adds up. */
  accumulationSteps: number;
  /** MiB of GPU memory for network and images; left out for what the adapter's limits suggest. */
  memoryBudget?: number | undefined;
  seed: number;
  /** What is measured of the gradients; it changes nothing of what is trained. */
  health: HealthLevel;
  /** Measured of the validation, beside loss and accuracy. */
  metrics?: readonly MetricConfig[];
  /** How a run validates and when it ends. */
  fit?: FitSettings;
  /** Number of augmented samples per validation image that the results average over; without it, images are not augmented. */
  testTimeAugmentation?: number;
  /** Left out for as many as suit the adapter. */
  epochs?: number;
  trainSamples?: number;
  testSamples?: number;
  /** A second network that is trained with it, step by step, and differs in one thing. */
  twin?: Change | undefined;
}

/** What twin B has instead of the experiment's own: the name of a preset or an optimizer, or a learning rate. */
export interface Change {
  vary: Variable;
  to: string;
}

/** An experiment that says which augmentation it has. */
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

/** One field's way into the address and back. */
interface Parameter {
  /** As the command's flag is called. */
  name: string;
  /** undefined where it is the default. */
  write(experiment: Experiment): string | undefined;
  /** @throws ConfigurationError for a text that is invalid. */
  read(text: string): Partial<Experiment>;
}

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
  | 'batchSize'
  | 'accumulationSteps'
  | 'memoryBudget'
  | 'seed'
  | 'testTimeAugmentation'
  | 'epochs'
  | 'trainSamples'
  | 'testSamples';

/** Each is a pass over the validation images. */
export const mostTestTimeSamples = 1000;

/** What twin B can have of each variable; any number where there is no name. */
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
      // Whether its layers fit the images shows in the model's panel; what has no layers shows nowhere.
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
      fillOptimizer(optimizer); // throws, with the words for it
      return { optimizer };
    },
  },
  {
    name: 'loss',
    write: ({ loss }) => loss && (Object.keys(loss).length > 1 ? JSON.stringify(loss) : loss.type),
    read: (text) => {
      const loss = nameOrJson('loss', text, lossTypes) as LossConfig;
      fillLoss(loss); // throws, with the words for it
      return { loss: typeof loss === 'string' ? { type: loss } : loss };
    },
  },
  whole('batch-size', 'batchSize', 1, 65536),
  whole('accumulation-steps', 'accumulationSteps', 1, 65536),
  whole('memory-budget', 'memoryBudget', 1, 2 ** 20),
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
      fillMetrics(metrics); // throws, with the words for it
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
      fillFitSettings(fit); // throws, with the words for it
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
      if (to !== undefined && known && (known.length ? known.includes(to) : Number(to) > 0)) {
        return { twin: { vary: vary as Variable, to } };
      }
      const ways = Object.keys(twinChoices).map((name) => `${name}:…`);
      throw refusal('twin', text, known?.map((name) => `${vary}:${name}`).join(', ') || ways.join(', '));
    },
  },
];

/** What stands behind the # of an address. What is the default is left out, but for the data set: a link names it. */
export function encode(experiment: Experiment): string {
  const search = new URLSearchParams();
  for (const { name, write } of parameters) {
    const text = write(experiment);
    if (text !== undefined) search.set(name, text);
  }
  // JSON stays legible: a browser shows these as they are, and takes them in a fragment.
  return search.toString().replace(/%(7B|7D|22|3A|2C|5B|5D)/g, (code) => decodeURIComponent(code));
}

/** Reads an address back. What is invalid is left at its default and reported. */
export function decode(hash: string): { experiment: Experiment; refused: ConfigurationError[]; named: boolean } {
  let experiment = { ...defaults };
  const refused: ConfigurationError[] = [];
  const search = new URLSearchParams(hash.replace(/^#/, ''));
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

/** What else people call a part of an experiment. */
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

/** Keys that stand for nothing, or stand there twice: a link that was mistyped would train another experiment. */
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
    // As it is written elsewhere: batchSize, batch_size.
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

/** What the model of an experiment gives a number for: the classes, or the numbers of each image. */
export type Labels = Pick<DatasetFacts, 'classNames' | 'targetNames'>;

/**
 * The model as it is trained, for such an input and such labels. A preset ends as the loss needs it. It need not fit:
 * createTrainer tells.
 */
export function modelOf({ model, loss }: Experiment, inputShape: Model['inputShape'], labels: Labels): Model {
  const outputs = outputsOf(labels);
  if (typeof model === 'string') return endingFor(modelPresets[model]!(inputShape, outputs), lossOf({ loss }));
  const layers = labels.targetNames ? withOutputs(model.layers, outputs) : withClasses(model.layers, outputs);
  return { inputShape, layers };
}

/** The loss of an experiment, by default the one of classes. */
export const lossOf = ({ loss }: Pick<Experiment, 'loss'>): Exclude<LossConfig, string> =>
  loss ?? { type: defaultLoss };

/** Whether two losses are the same, defaults filled in; one that is invalid is like no other. */
export function sameLoss(a: LossConfig, b: LossConfig): boolean {
  try {
    return JSON.stringify(fillLoss(a)) === JSON.stringify(fillLoss(b));
  } catch {
    return false;
  }
}

/** Whether it tells classes apart that exclude each other: only those have an accuracy by class and a confusion matrix. */
export const isOfClasses = (experiment: Pick<Experiment, 'loss'>): boolean =>
  lossDefinition(lossOf(experiment).type).ending === 'softmax';

/** What is measured beside the loss, in words. */
export const metricWords = (experiment: Pick<Experiment, 'loss'>): 'accuracy' | 'mean absolute error' =>
  lossDefinition(lossOf(experiment).type).metric === 'accuracy' ? 'accuracy' : 'mean absolute error';

/** A name for each output of a model. */
export const namesOf = ({ classNames, targetNames }: Labels): readonly string[] => targetNames ?? classNames;

/** How many numbers a model gives for an image. */
export const outputsOf = (labels: Labels): number => namesOf(labels).length;

/** The loss of an experiment that names none, for images with numbers in place of classes. */
export function lossFor({ targetNames, areYesOrNo }: DatasetFacts): Experiment['loss'] {
  if (!targetNames) return undefined;
  return { type: areYesOrNo ? 'binaryCrossentropy' : 'meanSquaredError' };
}

/** As it is said, or the optimizer's default. */
export function learningRateOf({ type, learningRate }: Experiment['optimizer']): LearningRate {
  const options = describeModels().optimizers.find((optimizer) => optimizer.type === type)?.options;
  return learningRate ?? (options?.find(({ name }) => name === 'learningRate')?.default as number);
}

export const sameRate = (a: LearningRate, b: LearningRate): boolean => JSON.stringify(a) === JSON.stringify(b);

/** With its defaults, or what is wrong with it: a form may be in the middle of a change. */
export function filledRate(rate: LearningRate): { filled?: FilledLearningRate; error?: ErrorParts } {
  try {
    return { filled: fillLearningRate(rate) };
  } catch (error) {
    return { error: partsOf(error) };
  }
}

/** Whether a trainer would take it. */
export const isValidRate = (rate: LearningRate): boolean => filledRate(rate).error === undefined;

/** A rate in place of the one that a number is, or that a schedule begins at or climbs to. */
export function withRate(rate: LearningRate, to: number): LearningRate {
  if (typeof rate === 'number') return to;
  const name = ['maxLearningRate', 'warmupTarget', 'initialLearningRate'].find((name) => name in rate);
  return name ? ({ ...rate, [name]: to } as LearningRate) : to;
}

/** 0.001, or "cosineDecay". */
export const rateWords = (rate: LearningRate): string => (typeof rate === 'number' ? figure(rate) : rate.type);

/** As --learning-rate takes it. */
export const rateText = (rate: LearningRate): string =>
  typeof rate === 'number' ? String(rate) : JSON.stringify(rate);

export const augmentationOf = ({ augmentation }: SettledExperiment): AugmentationConfig =>
  typeof augmentation === 'string' ? augmentationPresets[augmentation]! : augmentation;

/** The augmentation of an experiment that names none: a mirrored digit or letter is none any more. */
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
  sequential(model); // throws, with the words for it
}

function refusal(name: string, found: string, expected: string): ConfigurationError {
  return new ConfigurationError({
    what: `The address of this page says something of ${name} that can't be: the default is taken`,
    found,
    expected,
    place: [name],
  });
}
