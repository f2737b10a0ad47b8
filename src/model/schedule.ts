import * as v from 'valibot';
import { parse } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import type { Limits } from '../options.ts';
import {
  type FilledSchedule,
  type ScheduleConfig,
  type ScheduleConfigOf,
  type ScheduleType,
  scheduleDefinition,
  scheduleDefinitions,
  scheduleTypes,
} from './schedules/index.ts';
import type { ScheduleOptionsByType } from './schedules/options.ts';

export type { FilledSchedule, ScheduleConfig } from './schedules/index.ts';

/** A learning rate: one number for all steps, or a schedule. */
export type LearningRate = number | ScheduleConfig;
export type FilledLearningRate = number | FilledSchedule;

const factory =
  <T extends ScheduleType>(type: T) =>
  (options: ScheduleOptionsByType[T]): ScheduleConfigOf<T> => {
    const config = { type, ...options } as unknown as ScheduleConfigOf<T>;
    fillSchedule(config as ScheduleConfig);
    return config;
  };

/** A constant rate, as a schedule. @throws ConfigurationError */
export const constant = factory('constant');
/** Keras' ExponentialDecay: rate = initialLearningRate * decayRate^(step / decaySteps). @throws ConfigurationError for an option out of range */
export const exponentialDecay = factory('exponentialDecay');
/** Keras' PiecewiseConstantDecay: values[i] up to and including boundaries[i]. @throws ConfigurationError */
export const piecewiseConstantDecay = factory('piecewiseConstantDecay');
/** Keras' PolynomialDecay: from initialLearningRate to endLearningRate within decaySteps. @throws ConfigurationError */
export const polynomialDecay = factory('polynomialDecay');
/** Keras' InverseTimeDecay: initialLearningRate / (1 + decayRate * step / decaySteps). @throws ConfigurationError */
export const inverseTimeDecay = factory('inverseTimeDecay');
/** Keras' CosineDecay, with its warm-up. @throws ConfigurationError */
export const cosineDecay = factory('cosineDecay');
/** Keras' CosineDecayRestarts. @throws ConfigurationError */
export const cosineDecayRestarts = factory('cosineDecayRestarts');
/** PyTorch's OneCycleLR, without cycling the momentum. @throws ConfigurationError */
export const oneCycle = factory('oneCycle');

/** Fills in the defaults. @throws ConfigurationError for an unknown schedule or option, or a value out of range. */
export function fillSchedule(config: ScheduleConfig): FilledSchedule {
  const type: unknown = config?.type;
  if (typeof type !== 'string' || !scheduleTypes.includes(type as ScheduleType)) {
    throw new ConfigurationError({
      what: 'Unknown learning-rate schedule',
      found: type ?? config,
      expected: scheduleTypes.join(', '),
      ...(typeof type === 'string' && { fix: suggest(type, scheduleTypes) }),
      place: ['learningRate', 'type'],
    });
  }
  const { schema, conflict } = scheduleDefinition(type as ScheduleType);
  const filled = parse(schema, config, type) as FilledSchedule;
  const wrong = conflict?.(filled);
  if (wrong) throw new ConfigurationError(wrong);
  return filled;
}

const isSchedule = (value: unknown): value is ScheduleConfig =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isRate = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** A number >= 0, or a schedule, whose defaults are filled in. The type of an optimizer's `learningRate`. */
export const learningRate = () =>
  v.pipe(
    v.custom<LearningRate>(
      (value) => isRate(value) || isSchedule(value),
      'a number >= 0, or a schedule such as { type: "cosineDecay", ... }',
    ),
    v.transform((value): FilledLearningRate => (typeof value === 'number' ? value : fillSchedule(value))),
    v.metadata({ kind: 'numberOrVariant', least: 0, most: Infinity, variants: scheduleDefinitions } satisfies Limits),
  );

/** @throws ConfigurationError */
export const fillLearningRate = (value: LearningRate): FilledLearningRate =>
  parse(learningRate(), value, 'learningRate');

/** Converts a number to a constant schedule. */
export const scheduleOf = (learningRate: FilledLearningRate): FilledSchedule =>
  typeof learningRate === 'number' ? { type: 'constant', learningRate } : learningRate;

/**
 * The learning rate of an update, in float64. The GPU computes the same in float32.
 *
 * @param update index of the update, counted from 0.
 * @throws ConfigurationError for an invalid schedule.
 */
export function learningRateAt(learningRate: LearningRate, update: number): number {
  const schedule = scheduleOf(fillLearningRate(learningRate));
  return scheduleDefinition(schedule.type).rate(schedule, update);
}
