import * as v from 'valibot';
import { integer, number } from '../check.ts';

/** Options of every optimizer; the names and their meaning are Keras' (keras/src/optimizers/base_optimizer.py). */
export const clippingAndDecay = {
  /** Each tensor's gradient is scaled down to this L2 norm if its norm is larger. */
  clipnorm: v.optional(number(0, Infinity, 'open')),
  /** Each element of a gradient is clipped to this magnitude. */
  clipvalue: v.optional(number(0, Infinity, 'open')),
  /** All gradients are scaled down together if their joint norm is larger. */
  globalClipnorm: v.optional(number(0, Infinity, 'open')),
  /** Decoupled decay as in AdamW: w -= learningRate * weightDecay * w before the step, biases included. Not the L2 regularizer. */
  weightDecay: v.optional(number(0)),
  /** True to keep an exponential moving average of the weights, which validation, `evaluate` and `predict` use. */
  useEma: v.optional(v.boolean(), false),
  /** average = emaMomentum * average + (1 - emaMomentum) * w after each update; the first update sets it to w. */
  emaMomentum: v.optional(number(0, 1), 0.99),
  /** Number of updates after which the weights are overwritten by their average, repeatedly; never if undefined. */
  emaOverwriteFrequency: v.optional(integer(1, 2 ** 32 - 1)),
};

/** The betas of the bias corrections in a step's state, which are 1 minus their powers. */
export interface Betas {
  beta1: number;
  beta2: number;
  /**
   * True if the momentum follows Nadam's schedule towards beta1; the first correction is then 1 minus the product of all
   * momenta so far.
   */
  isScheduled?: boolean;
}

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** Everything about an optimizer except its update kernel, which is listed in `src/plan/update.ts`. */
export interface OptimizerDefinition<S extends Schema> {
  type: string;
  /** Validates the options and fills in their defaults. */
  schema: S;
  /**
   * Names of its slots, the numbers kept for each weight, as in the bindings of the update kernel and in the order of a
   * snapshot.
   */
  slots(config: v.InferOutput<S>): string[];
  /**
   * The slot that holds an average of gradients, and its sign: 1 if it points along the gradient, -1 if against it. Undefined
   * if there is none.
   */
  momentum(config: v.InferOutput<S>): { slot: string; sign: 1 | -1 } | undefined;
  /** Present for optimizers that correct the bias of their averages. */
  betas?(config: v.InferOutput<S>): Betas;
}

/** Infers the types of a definition. */
export const defineOptimizer = <const T extends string, S extends Schema>(
  definition: OptimizerDefinition<S> & { type: T },
): OptimizerDefinition<S> & { type: T } => definition;
