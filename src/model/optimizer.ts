import { parse } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import type { Betas } from './optimizer_definition.ts';
import {
  type FilledOptimizer,
  type OptimizerConfig,
  type OptimizerConfigOf,
  type OptimizerType,
  optimizerDefinition,
  optimizerTypes,
} from './optimizers/index.ts';
import type {
  AdagradOptions,
  AdamOptions,
  LionOptions,
  MuonOptions,
  NadamOptions,
  RmspropOptions,
  SgdOptions,
} from './optimizers/options.ts';

/**
 * Adam in Keras' form (Kingma and Ba 2015, section 2, last paragraph; keras/src/optimizers/adam.py): w -= learningRate * sqrt(1
 * - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon). PyTorch and TensorFlow.js place epsilon differently, which changes the
 * first steps. With `amsgrad`, v is replaced by its maximum so far.
 */
export const adam = (options: AdamOptions = {}): OptimizerConfigOf<'adam'> => checked({ type: 'adam', ...options });

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019; keras/src/optimizers/adamw.py): w -= learningRate * weightDecay
 * * w, biases included, followed by Adam's step.
 */
export const adamW = (options: AdamOptions = {}): OptimizerConfigOf<'adamW'> => checked({ type: 'adamW', ...options });

/**
 * Adam with Nesterov's momentum in Keras' form (Dozat 2016; keras/src/optimizers/nadam.py):
 * w -= learningRate * (u' * m / (1 - p * u') + (1 - u) * dw / (1 - p)) / (sqrt(v / (1 - beta2^t)) + epsilon). The momentum of
 * update t is u = beta1 * (1 - 0.96^t / 2), u' is the next one, and p is the product of all up to u. PyTorch's NAdam is the
 * same with momentum_decay=1; its default, 0.004, lets the momentum grow more slowly.
 */
export const nadam = (options: NadamOptions = {}): OptimizerConfigOf<'nadam'> => checked({ type: 'nadam', ...options });

/**
 * Adam with the largest gradient in place of the mean square, in Keras' form (Kingma and Ba 2015, section 7.1;
 * keras/src/optimizers/adamax.py): u = max(beta2 * u, |dw|), w -= learningRate / (1 - beta1^t) * m / (u + epsilon). PyTorch adds epsilon to
 * |dw| instead.
 */
export const adamax = (options: NadamOptions = {}): OptimizerConfigOf<'adamax'> =>
  checked({ type: 'adamax', ...options });

/**
 * RMSprop in Keras' form (Hinton 2012; keras/src/optimizers/rmsprop.py): v = rho * v + (1 - rho) * dw^2, then
 * w -= learningRate * dw / sqrt(v + epsilon). With `momentum` these steps accumulate: m = momentum * m + step, then w -= m. With `centered`
 * the divisor is sqrt(v - a^2 + epsilon), where a is the average of dw. Rounding can make v - a^2 negative; it is then replaced by 0, while
 * Keras takes the root of the negative number. PyTorch adds epsilon to the root; TensorFlow.js adds it under the root, as here.
 */
export const rmsprop = (options: RmspropOptions = {}): OptimizerConfigOf<'rmsprop'> =>
  checked({ type: 'rmsprop', ...options });

/**
 * Adagrad in Keras' form (Duchi and others 2011; keras/src/optimizers/adagrad.py): dw^2 is added to the accumulator, which starts at
 * `initialAccumulatorValue`, then w -= learningRate * dw / sqrt(accumulator + epsilon). PyTorch adds epsilon to the root. In a snapshot,
 * the initial value is subtracted from the accumulator.
 */
export const adagrad = (options: AdagradOptions = {}): OptimizerConfigOf<'adagrad'> =>
  checked({ type: 'adagrad', ...options });

/**
 * Lion in Keras' form (Chen and others 2023; keras/src/optimizers/lion.py): w -= learningRate * sign(beta1 * m + (1 - beta1) * dw),
 * then m = beta2 * m + (1 - beta2) * dw. Every weight moves by the learning rate, which should therefore be 3 to 10 times smaller than
 * Adam's.
 */
export const lion = (options: LionOptions = {}): OptimizerConfigOf<'lion'> => checked({ type: 'lion', ...options });

/**
 * Muon (Jordan and others 2024) for the kernels of dense layers and convolutions, each a matrix with all axes but the last as
 * rows: m = momentum * m + dw, then w -= learningRate * sqrt(max(1, columns / rows)) * o, where o is m, or dw + momentum * m with
 * `nesterov`, with all its singular values moved close to 1: it is divided by its norm + 1e-7, followed by `nsSteps` iterations of x = a *
 * x + b * x x^T x + c * x x^T x x^T x with a, b, c = 3.4445, -4.7750, 2.0315. All other tensors are updated by Adam at learningRate *
 * adamLrRatio (Keras' form; AdamW with weightDecay) or, with `others: 'sgd'`, by w -= learningRate * m, where `nesterov` replaces m by dw +
 * momentum * m. Keras' Muon (keras/src/optimizers/muon.py) applies only to kernels of two and three axes, uses the ratio of rows to
 * columns, and has other defaults: learningRate 0.001, nsSteps 6, weightDecay 0.1.
 */
export const muon = (options: MuonOptions = {}): OptimizerConfigOf<'muon'> => checked({ type: 'muon', ...options });

/**
 * Stochastic gradient descent in Keras' form (keras/src/optimizers/sgd.py). Without momentum: w -= learningRate * dw. With momentum: v =
 * momentum * v - learningRate * dw, then w += v or, with `nesterov`, w += momentum * v - learningRate * dw.
 */
export const sgd = (options: SgdOptions = {}): OptimizerConfigOf<'sgd'> => checked({ type: 'sgd', ...options });

export type { FilledOptimizer, OptimizerConfig } from './optimizers/index.ts';

/** Fills in the defaults. @throws ConfigurationError for an unknown optimizer or option, or a value out of range. */
export function fillOptimizer(config: OptimizerConfig): FilledOptimizer {
  const json = typeof config === 'string' ? { type: config } : config;
  const type: unknown = json?.type;
  if (typeof type !== 'string' || !optimizerTypes.includes(type as OptimizerType)) {
    throw new ConfigurationError({
      what: 'Unknown optimizer',
      found: type ?? config,
      expected: `one of ${optimizerTypes.join(', ')}`,
      ...(typeof type === 'string' && { fix: suggest(type, optimizerTypes) }),
    });
  }
  const filled = parse(optimizerDefinition(type as OptimizerType).schema, json, type) as FilledOptimizer;
  const clips = clipNames.filter((name) => filled[name] !== undefined);
  if (clips.length > 1) {
    throw new ConfigurationError({
      what: `${type} clips gradients in more than one way`,
      found: Object.fromEntries(clips.map((name) => [name, filled[name]])),
      expected: `one of ${clipNames.join(', ')}`,
      fix: `leave out ${clips.slice(1).join(' and ')}`,
    });
  }
  if (filled.emaOverwriteFrequency !== undefined && !filled.useEma) {
    throw new ConfigurationError({
      what: `emaOverwriteFrequency of ${type} requires useEma`,
      found: { useEma: filled.useEma, emaOverwriteFrequency: filled.emaOverwriteFrequency },
      expected: 'emaOverwriteFrequency only together with useEma: true',
      fix: 'set useEma: true, or leave emaOverwriteFrequency out',
    });
  }
  return filled;
}

const clipNames = ['clipnorm', 'clipvalue', 'globalClipnorm'] as const;

/** How an optimizer clips gradients: by the norm of each tensor, by the norm of all tensors together, or elementwise. */
export interface Clip {
  by: 'norm' | 'globalNorm' | 'value';
  /** > 0 */
  most: number;
}

/** How gradients are clipped; undefined if they are not. A step reports the norms before clipping. */
export function clipOf({ clipnorm, clipvalue, globalClipnorm }: FilledOptimizer): Clip | undefined {
  if (clipnorm !== undefined) return { by: 'norm', most: clipnorm };
  if (globalClipnorm !== undefined) return { by: 'globalNorm', most: globalClipnorm };
  return clipvalue === undefined ? undefined : { by: 'value', most: clipvalue };
}

/** How the moving average of the weights is kept; undefined if there is none. */
export function averageOf({
  useEma,
  emaMomentum,
  emaOverwriteFrequency,
}: FilledOptimizer): { momentum: number; overwriteEvery?: number | undefined } | undefined {
  return useEma ? { momentum: emaMomentum, overwriteEvery: emaOverwriteFrequency } : undefined;
}

function checked<T extends Exclude<OptimizerConfig, string>>(config: T): T {
  fillOptimizer(config);
  return config;
}

/** Names of the optimizer's slots, in the order of a snapshot. */
export const slotsOf = (optimizer: FilledOptimizer): string[] => optimizerDefinition(optimizer.type).slots(optimizer);

/** The slot that averages gradients, and its sign: 1 if it points along them, -1 if against them. Undefined if there is none. */
export const momentumOf = (optimizer: FilledOptimizer): { slot: string; sign: 1 | -1 } | undefined =>
  optimizerDefinition(optimizer.type).momentum(optimizer);

/** The betas of the bias corrections in a step's state. For an optimizer without bias correction they have no effect. */
export const betasOf = (optimizer: FilledOptimizer): Betas =>
  optimizerDefinition(optimizer.type).betas?.(optimizer) ?? { beta1: 0, beta2: 0 };
