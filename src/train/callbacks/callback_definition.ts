import type * as v from 'valibot';
import type { Measured, Monitor } from '../monitor.ts';

/** The argument of a callback at the end of an epoch. */
export interface EpochEnd {
  /** From 1. */
  epoch: number;
  /** The epoch's value of the monitored figure; undefined for an epoch without one, such as one without validation. */
  value: number | undefined;
  /** The learning rate of the steps so far. */
  learningRate: number;
}

/** A callback's decision after an epoch. */
export interface Decision<State> {
  /** Plain JSON: a run that resumes from a snapshot continues with it. */
  state: State;
  /** This epoch is the last one. */
  stop?: boolean;
  /** Keep a copy of the present weights. */
  keepWeights?: boolean;
  /** The new learning rate. */
  learningRate?: number;
}

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** All that `fit` knows of a callback: a function from the state before and an epoch to the state after it. */
export interface CallbackDefinition<S extends Schema, State> {
  /** The option of `fit`. */
  name: string;
  kerasName: string;
  /** Checks the options and fills their defaults in. */
  schema: S;
  /** @throws ConfigurationError for a figure that the run doesn't measure. */
  monitorOf(config: v.InferOutput<S>, measured: Measured): Monitor;
  /** Before the first epoch. */
  begin(): State;
  epochEnd(config: v.InferOutput<S>, monitor: Monitor, before: State, epoch: EpochEnd): Decision<State>;
}

/** Gives a definition its types. */
export const defineCallback = <const N extends string, S extends Schema, State>(
  definition: CallbackDefinition<S, State> & { name: N },
): CallbackDefinition<S, State> & { name: N } => definition;
