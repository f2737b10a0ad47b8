import type * as v from 'valibot';
import type { Tally } from './tally.ts';

/** The value of a metric: a number, a number for each class, or for confusionMatrix [label][prediction]. */
export type MetricValue = number | number[] | number[][];

type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** All that anybody knows of a metric. It is computed on the host in float64, from what an evaluation has counted. */
export interface MetricDefinition<S extends Schema> {
  type: string;
  /** Its name in Keras, where Keras has it. */
  kerasName?: string;
  /** Checks the options and fills their defaults in. */
  schema: S;
  /** Which direction is better: what a callback with `mode: 'auto'` goes by. Undefined for what is no single number. */
  direction?: 'min' | 'max';
  /** The value; `byClass` is stored too, under `<name>ByClass`. */
  compute(tally: Tally, config: v.InferOutput<S>): { value: MetricValue; byClass?: number[] };
  /** The error of the options for that many classes; undefined where they fit. */
  check?(config: v.InferOutput<S>, classes: number): { found: unknown; expected: string } | undefined;
}

/** Gives a definition its types. */
export const defineMetric = <const T extends string, S extends Schema>(
  definition: MetricDefinition<S> & { type: T },
): MetricDefinition<S> & { type: T } => definition;

/** As Keras has it: 0 where nothing was counted. */
export const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
