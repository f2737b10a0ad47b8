import type * as v from 'valibot';
import type { Tally } from './tally.ts';

/** The value of a metric: a number, a number per class, or for confusionMatrix [label][prediction]. */
export type MetricValue = number | number[] | number[][];

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** Everything about a metric. It is computed on the host in float64, from the counts of an evaluation. */
export interface MetricDefinition<S extends Schema> {
  type: string;
  /** Its name in Keras, if Keras has it. */
  kerasName?: string;
  /** Validates the options and fills in their defaults. */
  schema: S;
  /** The direction in which it improves, for callbacks with `mode: 'auto'`. Undefined if it is not a single number. */
  direction?: 'min' | 'max';
  /** Computes the value. `byClass` is also stored, under `<name>ByClass`. */
  compute(tally: Tally, config: v.InferOutput<S>): { value: MetricValue; byClass?: number[] };
  /** Validates the options for a number of classes; returns undefined if they fit. */
  check?(config: v.InferOutput<S>, classes: number): { found: unknown; expected: string } | undefined;
}

/** Infers the types of a definition. */
export const defineMetric = <const T extends string, S extends Schema>(
  definition: MetricDefinition<S> & { type: T },
): MetricDefinition<S> & { type: T } => definition;

/** As in Keras, 0 if nothing was counted. */
export const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
