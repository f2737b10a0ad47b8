import * as v from 'valibot';
import { number, parse } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import type { Clip } from '../kernels/update.ts';

/** Of every optimizer; the names and their meaning are Keras' (keras/src/optimizers/base_optimizer.py). */
const remedies = {
  /** Each tensor's gradient is scaled down to this L2 norm where it is larger. */
  clipnorm: v.optional(number(0, Infinity, 'open')),
  /** Each element of a gradient is cut off at this magnitude. */
  clipvalue: v.optional(number(0, Infinity, 'open')),
  /** All gradients are scaled down together where the norm of all of them is larger. */
  globalClipnorm: v.optional(number(0, Infinity, 'open')),
  /** Before the step w -= learningRate * weightDecay * w, biases included: AdamW's decay, which isn't the L2 regularizer. */
  weightDecay: v.optional(number(0)),
};

export const schemas = {
  adam: v.strictObject({
    type: v.literal('adam'),
    learningRate: v.optional(number(0), 0.001),
    beta1: v.optional(number(0, 0.999999), 0.9),
    beta2: v.optional(number(0, 0.9999999), 0.999),
    epsilon: v.optional(number(0, Infinity, 'open'), 1e-7),
    ...remedies,
  }),
  sgd: v.strictObject({
    type: v.literal('sgd'),
    learningRate: v.optional(number(0), 0.01),
    momentum: v.optional(number(0, 1), 0),
    nesterov: v.optional(v.boolean(), false),
    ...remedies,
  }),
};

export type AdamConfig = v.InferInput<typeof schemas.adam>;
export type SgdConfig = v.InferInput<typeof schemas.sgd>;
/** An optimizer as plain JSON, or its name for its defaults. */
export type OptimizerConfig = AdamConfig | SgdConfig | 'adam' | 'sgd';
export type FilledOptimizer = v.InferOutput<typeof schemas.adam> | v.InferOutput<typeof schemas.sgd>;

/**
 * Adam in Keras' form (Kingma and Ba 2015, section 2, last paragraph; keras/src/optimizers/adam.py):
 * w -= learningRate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon). PyTorch's and TensorFlow.js' epsilon
 * stands elsewhere and gives other numbers in the first steps.
 */
export const adam = (options: Omit<AdamConfig, 'type'> = {}): AdamConfig => checked({ type: 'adam', ...options });

/**
 * Stochastic gradient descent in Keras' form (keras/src/optimizers/sgd.py). Plain: w -= learningRate * dw. With momentum:
 * v = momentum * v - learningRate * dw, then w += v, or w += momentum * v - learningRate * dw with `nesterov`.
 */
export const sgd = (options: Omit<SgdConfig, 'type'> = {}): SgdConfig => checked({ type: 'sgd', ...options });

/** Fills the defaults in. @throws ConfigurationError for an unknown optimizer or option, or a value out of range. */
export function fillOptimizer(config: OptimizerConfig): FilledOptimizer {
  const known = Object.keys(schemas);
  const json = typeof config === 'string' ? { type: config } : config;
  const type = json?.type;
  if (typeof type !== 'string' || !known.includes(type)) {
    throw new ConfigurationError({
      what: 'No such optimizer',
      found: type ?? config,
      wanted: known.join(' or '),
      ...(typeof type === 'string' && { fix: suggest(type, known) }),
    });
  }
  const filled = parse(schemas[type as 'adam'] as v.GenericSchema<unknown, FilledOptimizer>, json, type);
  const clips = clipNames.filter((name) => filled[name] !== undefined);
  if (clips.length > 1) {
    throw new ConfigurationError({
      what: `${type} clips gradients in more than one way`,
      found: Object.fromEntries(clips.map((name) => [name, filled[name]])),
      wanted: `one of ${clipNames.join(', ')}`,
      fix: `leave out ${clips.slice(1).join(' and ')}`,
    });
  }
  return filled;
}

const clipNames = ['clipnorm', 'clipvalue', 'globalClipnorm'] as const;

/** How gradients are clipped, or undefined. The norms that a step reports are those before. */
export function clipOf({ clipnorm, clipvalue, globalClipnorm }: FilledOptimizer): Clip | undefined {
  if (clipnorm !== undefined) return { by: 'norm', most: clipnorm };
  if (globalClipnorm !== undefined) return { by: 'globalNorm', most: globalClipnorm };
  return clipvalue === undefined ? undefined : { by: 'value', most: clipvalue };
}

function checked<T extends AdamConfig | SgdConfig>(config: T): T {
  fillOptimizer(config);
  return config;
}
