import type * as v from 'valibot';
import type { Measured, Monitor } from '../monitor.ts';

/** The argument of a callback at the end of an epoch. */
export interface EpochEnd {
  /** Counted from 1. */
  epoch: number;
  /** The epoch's value of the monitored quantity; undefined for an epoch without one, such as one without validation. */
  value: number | undefined;
  /** The learning rate of the steps so far. */
  learningRate: number;
}

/** A callback's decision after an epoch. */
export interface Decision<State> {
  /** Plain JSON, with which a run resumed from a snapshot continues. */
  state: State;
  /** True to end the run after this epoch. */
  stop?: boolean;
  /** True to keep a copy of the current weights. */
  keepWeights?: boolean;
  /** The new learning rate. */
  learningRate?: number;
}

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** Everything about a callback: a function from the previous state and an epoch to the next state. */
export interface CallbackDefinition<S extends Schema, State> {
  /** Name of the option of `fit`. */
  name: string;
  kerasName: string;
  /** Validates the options and fills in their defaults. */
  schema: S;
  /** @throws ConfigurationError for a value that the run doesn't measure. */
  monitorOf(config: v.InferOutput<S>, measured: Measured): Monitor;
  /** Returns the state before the first epoch. */
  begin(): State;
  epochEnd(config: v.InferOutput<S>, monitor: Monitor, before: State, epoch: EpochEnd): Decision<State>;
}

/** Infers the types of a definition. */
export const defineCallback = <const N extends string, S extends Schema, State>(
  definition: CallbackDefinition<S, State> & { name: N },
): CallbackDefinition<S, State> & { name: N } => definition;
