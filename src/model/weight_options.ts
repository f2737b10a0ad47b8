import * as v from 'valibot';
import { number, parse } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';

/** Initialisers that need no number, by Keras' names. */
const initializerNames = [
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunNormal',
  'zeros',
  'ones',
] as const;

export interface FilledInitializer {
  type: (typeof initializerNames)[number] | 'constant';
  /** Of `constant` and `ones`; 0 elsewhere. */
  value: number;
  /** What the drawn numbers, or the constant, are multiplied by. (Keras' VarianceScaling scales the variance instead.) */
  scale: number;
}

/** A name, or a name with numbers: { type: 'heNormal', scale: 2 } gives weights twice as large. */
export type InitializerConfig =
  | (typeof initializerNames)[number]
  | { type: (typeof initializerNames)[number]; scale?: number }
  | { type: 'constant'; value: number; scale?: number };

const finite = v.pipe(
  v.number('a finite number'),
  v.check((n) => Number.isFinite(n), 'a finite number'),
);
const scale = v.optional(finite, 1);
const drawn = v.strictObject({ type: v.picklist(initializerNames), scale });
const constant = v.strictObject({ type: v.literal('constant'), value: finite, scale });

/**
 * Fills an initialiser's defaults in.
 *
 * @param subject what it belongs to, as the error's first words: "layer 3 (dense): kernelInitializer".
 * @throws ConfigurationError for an unknown name or option, or a value out of range.
 */
export function fillInitializer(config: unknown, subject: string): FilledInitializer {
  const json = typeof config === 'string' ? { type: config } : config;
  const type = (json as { type?: unknown } | null | undefined)?.type;
  const known = [...initializerNames, 'constant'];
  if (typeof type !== 'string' || !known.includes(type)) {
    throw new ConfigurationError({
      what: `${subject} is none that is known`,
      found: type ?? config,
      wanted: `one of ${known.join(', ')}`,
      ...(typeof type === 'string' && { fix: suggest(type, known) }),
    });
  }
  if (type === 'constant') return parse(constant, json, `${subject} constant`);
  return { ...parse(drawn, json, `${subject} ${type}`), value: type === 'ones' ? 1 : 0 };
}

/** Keras' L2 regularizer: the loss gets l2 * sum of w*w, so the gradient 2 * l2 * w. */
export interface RegularizerConfig {
  l2: number;
}

const regularizer = v.strictObject({ l2: number(0) });

/** @throws ConfigurationError as `fillInitializer` does. */
export function fillRegularizer(config: unknown, subject: string): RegularizerConfig {
  if (typeof config !== 'object' || config === null) {
    throw new ConfigurationError({
      what: `${subject} makes no sense`,
      found: config,
      wanted: '{ "l2": <a number >= 0> }',
    });
  }
  return parse(regularizer, config, subject);
}
