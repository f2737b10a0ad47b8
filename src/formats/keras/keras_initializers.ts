import type { FilledInitializer, InitializerConfig, InitializerType } from '../../model/weight_options.ts';

/** A serialized Keras object. */
export interface KerasObject {
  class_name: string;
  config: Record<string, unknown>;
}

type Mode = 'fan_in' | 'fan_avg';
type Distribution = 'uniform' | 'truncated_normal';

/** Named initializers that are special cases of VarianceScaling: scale, mode and distribution. */
const scalings: Partial<Record<InitializerType, [number, Mode, Distribution, string]>> = {
  glorotUniform: [1, 'fan_avg', 'uniform', 'GlorotUniform'],
  glorotNormal: [1, 'fan_avg', 'truncated_normal', 'GlorotNormal'],
  heUniform: [2, 'fan_in', 'uniform', 'HeUniform'],
  heNormal: [2, 'fan_in', 'truncated_normal', 'HeNormal'],
  lecunUniform: [1, 'fan_in', 'uniform', 'LecunUniform'],
  lecunNormal: [1, 'fan_in', 'truncated_normal', 'LecunNormal'],
};

/** Keras' initializers have no overall factor, so it is multiplied into the initializer's own parameters. */
export function kerasInitializer(initializer: FilledInitializer): KerasObject {
  const { scale } = initializer;
  const named = scalings[initializer.type];
  if (named) {
    const [variance, mode, distribution, name] = named;
    if (scale === 1) return { class_name: name, config: { seed: null } };
    return {
      class_name: 'VarianceScaling',
      config: { scale: variance * scale * scale, mode, distribution, seed: null },
    };
  }
  switch (initializer.type) {
    case 'randomUniform': {
      const ends = [initializer.minval * scale, initializer.maxval * scale].sort((a, b) => a - b);
      return { class_name: 'RandomUniform', config: { minval: ends[0], maxval: ends[1], seed: null } };
    }
    case 'randomNormal':
    case 'truncatedNormal': {
      const { mean, stddev, type } = initializer;
      return {
        class_name: type === 'randomNormal' ? 'RandomNormal' : 'TruncatedNormal',
        config: { mean: mean * scale, stddev: Math.abs(stddev * scale), seed: null },
      };
    }
    case 'orthogonal':
      return { class_name: 'Orthogonal', config: { gain: initializer.gain * scale, seed: null } };
    case 'ones':
      return scale === 1 ? { class_name: 'Ones', config: {} } : constant(scale);
    case 'constant':
      return constant(initializer.value * scale);
    default:
      return { class_name: 'Zeros', config: {} };
  }
}

const constant = (value: number): KerasObject => ({ class_name: 'Constant', config: { value } });

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Converts to wgrad's initializer; undefined if there is no equivalent. */
export function initializerFrom(value: unknown): InitializerConfig | undefined {
  const object = (typeof value === 'string' ? { class_name: value, config: {} } : value) as Partial<KerasObject> | null;
  const { class_name: given, config } = object ?? {};
  if (typeof given !== 'string') return undefined;
  const options = (typeof config === 'object' && config) || {};
  // Matches glorot_uniform and GlorotUniform; TensorFlow.js writes LeCunNormal.
  const name = given.replace(/_/g, '').toLowerCase();
  for (const [type, [, , , kerasName]] of Object.entries(scalings) as [
    InitializerType,
    [number, Mode, Distribution, string],
  ][]) {
    if (kerasName.toLowerCase() === name) return type as InitializerConfig;
  }
  const numbers = (defaults: Record<string, number>) =>
    Object.fromEntries(
      Object.entries(defaults).map(([key, byDefault]) => [key, isNumber(options[key]) ? options[key] : byDefault]),
    );
  switch (name) {
    case 'zeros':
    case 'zero':
      return 'zeros';
    case 'ones':
    case 'one':
      return 'ones';
    case 'constant':
      return { type: 'constant', value: isNumber(options.value) ? options.value : 0 };
    case 'randomuniform':
      return { type: 'randomUniform', ...numbers({ minval: -0.05, maxval: 0.05 }) };
    case 'randomnormal':
      return { type: 'randomNormal', ...numbers({ mean: 0, stddev: 0.05 }) };
    case 'truncatednormal':
      return { type: 'truncatedNormal', ...numbers({ mean: 0, stddev: 0.05 }) };
    case 'orthogonal':
      return { type: 'orthogonal', ...numbers({ gain: 1 }) };
    case 'variancescaling':
      return scalingFrom(options);
    default:
      return undefined;
  }
}

function scalingFrom({ scale = 1, mode, distribution }: Record<string, unknown>): InitializerConfig | undefined {
  const drawn = distribution === 'uniform' ? 'uniform' : 'truncated_normal';
  if (!isNumber(scale) || scale <= 0 || distribution === 'untruncated_normal') return undefined;
  const fitting = (Object.entries(scalings) as [InitializerType, [number, Mode, Distribution, string]][]).filter(
    ([, [, ofMode, ofDistribution]]) => ofMode === mode && ofDistribution === drawn,
  );
  const exact = fitting.find(([, [variance]]) => variance === scale);
  if (exact) return exact[0] as InitializerConfig;
  const [type, [variance]] = fitting[0] ?? [undefined, [1]];
  return type && ({ type, scale: Math.sqrt(scale / variance) } as InitializerConfig);
}
