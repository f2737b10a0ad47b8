import type * as v from 'valibot';
import type { ScheduleDefinition } from '../schedule_definition.ts';
import { constantSchedule } from './constant.ts';
import { cosineDecaySchedule } from './cosine_decay.ts';
import { cosineDecayRestartsSchedule } from './cosine_decay_restarts.ts';
import { exponentialDecaySchedule } from './exponential_decay.ts';
import { inverseTimeDecaySchedule } from './inverse_time_decay.ts';
import { oneCycleSchedule } from './one_cycle.ts';
import type { ScheduleOptionsByType } from './options.ts';
import { piecewiseConstantDecaySchedule } from './piecewise_constant_decay.ts';
import { polynomialDecaySchedule } from './polynomial_decay.ts';

/** Every learning-rate schedule, in the order in which lists show them. */
export const scheduleDefinitions = {
  constant: constantSchedule,
  exponentialDecay: exponentialDecaySchedule,
  piecewiseConstantDecay: piecewiseConstantDecaySchedule,
  polynomialDecay: polynomialDecaySchedule,
  inverseTimeDecay: inverseTimeDecaySchedule,
  cosineDecay: cosineDecaySchedule,
  cosineDecayRestarts: cosineDecayRestartsSchedule,
  oneCycle: oneCycleSchedule,
} satisfies Record<ScheduleType, unknown>;

type Definitions = typeof scheduleDefinitions;
/** The type of a schedule. */
export type ScheduleType = keyof ScheduleOptionsByType;
export const scheduleTypes = Object.keys(scheduleDefinitions) as ScheduleType[];

/** The options of a schedule as plain JSON, including its type. */
export type ScheduleConfigOf<T extends ScheduleType> = { type: T } & ScheduleOptionsByType[T];
/** A learning-rate schedule as plain JSON. */
export type ScheduleConfig = { [T in ScheduleType]: ScheduleConfigOf<T> }[ScheduleType];
/** The same with its defaults filled in. */
export type FilledSchedule = { [T in ScheduleType]: v.InferOutput<Definitions[T]['schema']> }[ScheduleType];

// biome-ignore lint/suspicious/noExplicitAny: each definition takes its own options
export const scheduleDefinition = (type: ScheduleType): ScheduleDefinition<any> => scheduleDefinitions[type];
