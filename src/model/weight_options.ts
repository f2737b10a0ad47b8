import * as v from 'valibot';
import { number, parse } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import type { InitializerOptionsByType } from './initializer_options.ts';

const finite = v.pipe(
  v.number('a finite number'),
  v.check((n) => Number.isFinite(n), 'a finite number'),
);
/** Factor for the initial values. (Keras' VarianceScaling scales the variance instead.) */
const scale = v.optional(finite, 1);
const normal = { mean: v.optional(finite, 0), stddev: v.optional(number(0), 0.05), scale };

/** Validates the options of each initializer; initializer_options.ts documents them. */
export const initializerSchemas = {
  glorotUniform: v.strictObject({ type: v.literal('glorotUniform'), scale }),
  glorotNormal: v.strictObject({ type: v.literal('glorotNormal'), scale }),
  heUniform: v.strictObject({ type: v.literal('heUniform'), scale }),
  heNormal: v.strictObject({ type: v.literal('heNormal'), scale }),
  lecunUniform: v.strictObject({ type: v.literal('lecunUniform'), scale }),
  lecunNormal: v.strictObject({ type: v.literal('lecunNormal'), scale }),
  randomUniform: v.strictObject({
    type: v.literal('randomUniform'),
    minval: v.optional(finite, -0.05),
    maxval: v.optional(finite, 0.05),
    scale,
  }),
  randomNormal: v.strictObject({ type: v.literal('randomNormal'), ...normal }),
  truncatedNormal: v.strictObject({ type: v.literal('truncatedNormal'), ...normal }),
  orthogonal: v.strictObject({ type: v.literal('orthogonal'), gain: v.optional(finite, 1), scale }),
  zeros: v.strictObject({ type: v.literal('zeros'), scale }),
  ones: v.strictObject({ type: v.literal('ones'), scale }),
  constant: v.strictObject({ type: v.literal('constant'), value: finite, scale }),
};

type Schemas = typeof initializerSchemas;
/** The type of an initializer. */
export type InitializerType = keyof InitializerOptionsByType;
const initializerTypes = Object.keys(initializerSchemas) as InitializerType[];

export type FilledInitializer = { [T in InitializerType]: v.InferOutput<Schemas[T]> }[InitializerType];

/** A name, or a name with options: { type: 'heNormal', scale: 2 } gives weights twice as large. */
export type InitializerConfig =
  | Exclude<InitializerType, 'constant'>
  | { [T in InitializerType]: { type: T } & InitializerOptionsByType[T] }[InitializerType];

/**
 * Fills in an initializer's defaults.
 *
 * @param subject the option that it belongs to, with which an error begins: "layer 3 (dense): kernelInitializer".
 * @throws ConfigurationError for an unknown name or option, or a value out of range.
 */
export function fillInitializer(config: unknown, subject: string): FilledInitializer {
  const json = typeof config === 'string' ? { type: config } : config;
  const type = (json as { type?: unknown } | null | undefined)?.type;
  if (typeof type !== 'string' || !initializerTypes.includes(type as InitializerType)) {
    throw new ConfigurationError({
      what: `${subject} is unknown`,
      found: type ?? config,
      expected: `one of ${initializerTypes.join(', ')}`,
      ...(typeof type === 'string' && { fix: suggest(type, initializerTypes) }),
    });
  }
  const schema = initializerSchemas[type as InitializerType] as v.GenericSchema<unknown, FilledInitializer>;
  const filled = parse(schema, json, `${subject} ${type}`);
  if (filled.type === 'randomUniform' && filled.maxval < filled.minval) {
    throw new ConfigurationError({
      what: `${subject} randomUniform: invalid maxval`,
      found: filled.maxval,
      expected: `at least minval, ${filled.minval}`,
    });
  }
  return filled;
}

/**
 * @throws ConfigurationError if an initializer can't fill a tensor of this shape; a vector has no orthogonal columns, for
 * example.
 */
export function checkShapeOf({ type }: FilledInitializer, shape: readonly number[], subject: string): void {
  if (type !== 'orthogonal' || shape.length >= 2) return;
  throw new ConfigurationError({
    what: `${subject}: orthogonal requires a tensor with at least two axes`,
    found: shape,
    expected: 'another initializer',
    fix: `use one of ${initializerTypes.filter((name) => name !== type).join(', ')}`,
  });
}

/** Penalties on the sum of |w| and on the sum of w * w. */
export interface Penalties {
  /** Coefficient of the sum of |w|, >= 0; none by default. */
  l1?: number;
  /** Coefficient of the sum of w * w, >= 0; none by default. Without a factor of 1/2, as in Keras. */
  l2?: number;
}

/**
 * Keras' L1, L2 and L1L2: adds l1 * sum of |w| + l2 * sum of w * w to the loss, and so l1 * sign(w) + 2 * l2 * w to the
 * gradient.
 */
export type RegularizerConfig = Penalties & ({ l1: number } | { l2: number });

const regularizer = v.strictObject({ l1: v.optional(number(0)), l2: v.optional(number(0)) });

/** @throws ConfigurationError as `fillInitializer` does. */
export function fillRegularizer(config: unknown, subject: string): RegularizerConfig {
  if (typeof config !== 'object' || config === null || Object.keys(config).length === 0) {
    throw new ConfigurationError({
      what: `${subject} is invalid`,
      found: config,
      expected: '{ "l1": <a number >= 0> }, { "l2": <a number >= 0> } or both',
    });
  }
  return parse(regularizer, config, subject) as RegularizerConfig;
}
