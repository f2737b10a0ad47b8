import * as v from 'valibot';
import { integer, number } from '../check.ts';

/** Options of every optimizer; the names and their meaning are Keras' (keras/src/optimizers/base_optimizer.py). */
export const clippingAndDecay = {
  /** Each tensor's gradient is scaled down to this L2 norm where it is larger. */
  clipnorm: v.optional(number(0, Infinity, 'open')),
  /** Each element of a gradient is cut off at this magnitude. */
  clipvalue: v.optional(number(0, Infinity, 'open')),
  /** All gradients are scaled down together where the norm of all of them is larger. */
  globalClipnorm: v.optional(number(0, Infinity, 'open')),
  /** Before the step w -= learningRate * weightDecay * w, biases included: AdamW's decay, which isn't the L2 regularizer. */
  weightDecay: v.optional(number(0)),
  /** Keeps an exponential moving average of the weights: validation, `evaluate` and `predict` use it. */
  useEma: v.optional(v.boolean(), false),
  /** average = emaMomentum * average + (1 - emaMomentum) * w after each update; the first makes it w. */
  emaMomentum: v.optional(number(0, 1), 0.99),
  /** After every so many updates the weights become their average. Never where it is left out. */
  emaOverwriteFrequency: v.optional(integer(1, 2 ** 32 - 1)),
};

/** The betas of the bias corrections in a step's state: 1 minus their powers. */
export interface Betas {
  beta1: number;
  beta2: number;
  /** The momentum grows towards beta1 by Nadam's schedule; the first correction is 1 minus the product of all so far. */
  isScheduled?: boolean;
}

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** All that model, page and saved runs know of an optimizer. Its update is a kernel: `src/plan/update.ts` lists them. */
export interface OptimizerDefinition<S extends Schema> {
  type: string;
  /** Checks the options and fills their defaults in. */
  schema: S;
  /** The numbers that it keeps for each weight, by the names of the update kernel's bindings, in the order of a snapshot. */
  slots(config: v.InferOutput<S>): string[];
  /** The slot that holds an average of gradients, and whether it points with them or against them; undefined for none. */
  momentum(config: v.InferOutput<S>): { slot: string; sign: 1 | -1 } | undefined;
  /** For optimizers that correct the bias of their averages. */
  betas?(config: v.InferOutput<S>): Betas;
}

/** Gives a definition its types. */
export const defineOptimizer = <const T extends string, S extends Schema>(
  definition: OptimizerDefinition<S> & { type: T },
): OptimizerDefinition<S> & { type: T } => definition;
