import * as v from 'valibot';
import { integer, number } from '../check.ts';

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/**
 * All that model, page and saved runs know of a learning-rate schedule: a function of the updates that were applied before,
 * Keras' `iterations`. The GPU's form of it is a function in shaders/schedules, named after the type.
 */
export interface ScheduleDefinition<S extends Schema> {
  type: string;
  /** Checks the options and fills their defaults in. */
  schema: S;
  /**
   * Initial values of a form, for a run of so many updates.
   *
   * @param rate the constant rate that it replaces.
   */
  starter(updates: number, rate: number): Omit<v.InferInput<S>, 'type'>;
  /** Checks options against each other: an error's `what`, `found` and `expected`, or undefined. */
  conflict?(config: v.InferOutput<S>): { what: string; found: unknown; expected: string } | undefined;
  /** The float64 twin of the WGSL function, in Keras' words. */
  rate(config: v.InferOutput<S>, step: number): number;
  /** The numbers that the WGSL function takes, by the names of its parameters. */
  parameters(config: v.InferOutput<S>): Record<string, number>;
  /** Integers and then floats that it reads from the position `list` on. */
  list?(config: v.InferOutput<S>): { integers: readonly number[]; floats: readonly number[] };
  /** Updates after which the rate is constant; left out where it never is. */
  length?(config: v.InferOutput<S>): number;
  /** Its last value is intended for all later updates, so a run that is longer than the schedule gives no warning. */
  lasts?: true;
}

/** Gives a definition its types. */
export const defineSchedule = <const T extends string, S extends Schema>(
  definition: ScheduleDefinition<S> & { type: T },
): ScheduleDefinition<S> & { type: T } => definition;

/** A learning rate. */
export const rate = () => number(0);

/** A number of updates: from 1, and a u32 on the GPU. */
export const updates = () => integer(1, 2 ** 31);

/** Part of the starting rate that is left at the end. */
export const alpha = () => v.optional(number(0, 1), 0);

/** cos(pi p) raised and halved: 0 for p = 0, 1 for p = 1. */
export const raisedCosine = (p: number): number => 0.5 * (1 - Math.cos(Math.PI * p));
