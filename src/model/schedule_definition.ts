import * as v from 'valibot';
import { integer, number } from '../check.ts';

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/**
 * Everything about a learning-rate schedule, a function of the number of updates applied so far (Keras' `iterations`). Its WGSL
 * form is a function in shaders/schedules, named after the type.
 */
export interface ScheduleDefinition<S extends Schema> {
  type: string;
  /** Validates the options and fills in their defaults. */
  schema: S;
  /**
   * Initial values of a form, for a run with the given number of updates.
   *
   * @param rate the constant rate that the schedule replaces.
   */
  starter(updates: number, rate: number): Omit<v.InferInput<S>, 'type'>;
  /** Validates options against each other: returns an error's `what`, `found` and `expected`, or undefined. */
  conflict?(config: v.InferOutput<S>): { what: string; found: unknown; expected: string } | undefined;
  /** The float64 twin of the WGSL function, with Keras' names. */
  rate(config: v.InferOutput<S>, step: number): number;
  /** The numbers that the WGSL function takes, by the names of its parameters. */
  parameters(config: v.InferOutput<S>): Record<string, number>;
  /** Integers, followed by floats, that it reads from the position `list` onwards. */
  list?(config: v.InferOutput<S>): { integers: readonly number[]; floats: readonly number[] };
  /** Number of updates after which the rate is constant; undefined if it never is. */
  length?(config: v.InferOutput<S>): number;
  /** True if the last value is meant to apply to all later updates, so that a run longer than the schedule gives no warning. */
  lasts?: true;
}

/** Infers the types of a definition. */
export const defineSchedule = <const T extends string, S extends Schema>(
  definition: ScheduleDefinition<S> & { type: T },
): ScheduleDefinition<S> & { type: T } => definition;

/** A learning rate. */
export const rate = () => number(0);

/** A number of updates: at least 1, and a u32 on the GPU. */
export const updates = () => integer(1, 2 ** 31);

/** Final rate as a fraction of the initial rate. */
export const alpha = () => v.optional(number(0, 1), 0);

/** (1 - cos(pi p)) / 2: 0 for p = 0, 1 for p = 1. */
export const raisedCosine = (p: number): number => 0.5 * (1 - Math.cos(Math.PI * p));
