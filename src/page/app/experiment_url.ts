import { largestImageSize } from '../../data/reading_options.ts';
import { nearest } from '../../errors.ts';
import { healthLevels } from '../../health/health.ts';
import {
  type AugmentationConfig,
  ConfigurationError,
  describeModels,
  type FitSettings,
  findings,
  type HealthLevel,
  type LossConfig,
  type MetricConfig,
  type Model,
  type OpConfig,
  type OptimizerConfig,
  sequential,
  type Variable,
} from '../../index.ts';
import { fillLoss } from '../../model/loss.ts';
import { lossTypes } from '../../model/losses/index.ts';
import { fillMetrics } from '../../model/metrics/index.ts';
import { fillOptimizer } from '../../model/optimizer.ts';
import { fillFitSettings } from '../../train/fill_fit_settings.ts';
import { fitSettingNames } from '../../train/fit_settings.ts';
import { type Change, defaults, type Experiment, initial } from './experiment.ts';
import { augmentationPresets, modelPresets } from './presets.ts';
import { viewNames } from './view.ts';

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

export function refusal(name: string, found: string, expected: string): ConfigurationError {
  return new ConfigurationError({
    what: `Invalid ${name} in this page's URL: the default is used`,
    found,
    expected,
    place: [name],
  });
}
