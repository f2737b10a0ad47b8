import * as v from 'valibot';
import { integer, number, parse } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import type { Json, JsonOptions } from '../../report/sweep_file.ts';
import { type MonitorMode, monitorModes } from '../../train/monitor.ts';

/** A range of numbers. */
export interface Range {
  from: number;
  to: number;
  /** `log`: as many values between 0.001 and 0.01 as between 0.01 and 0.1. */
  scale: 'linear' | 'log';
  /** Number of values in a grid, including both ends. */
  steps?: number;
  /** Whether only whole numbers are allowed. */
  integer: boolean;
}

export const searches = ['grid', 'random', 'asha'] as const;

/** The configuration of a sweep: plain JSON, which `wgrad sweep` reads from a file. */
export interface SweepPlan {
  /** The options of `train` that all trials share. */
  base: JsonOptions;
  /** The values of each varied option, by its path: `learningRate`, `augmentation.rotationRange`. */
  vary: Record<string, Json[] | Range>;
  search: (typeof searches)[number];
  /** Number of configurations; a grid has as many as there are combinations. */
  trials?: number;
  metric?: string;
  mode: MonitorMode;
  /** Number of seeds per configuration: that of `base` and the following ones. */
  seeds: number;
  /** Seed for choosing random configurations. */
  searchSeed: number;
  /** `asha` continues one in `eta` of the configurations at each rung. */
  eta: number;
  /** Epochs after which `asha` decides for the first time. */
  minEpochs: number;
}

const mostTrials = 100_000;

const options = v.record(v.string(), v.any(), 'an object with options of train');
const planSchema = v.strictObject({
  base: v.optional(options, {}),
  vary: v.record(v.string(), v.any(), 'an object with a list or a range for each option'),
  search: v.optional(v.picklist(searches), 'grid'),
  trials: v.optional(integer(1, mostTrials)),
  metric: v.optional(v.string()),
  mode: v.optional(v.picklist(monitorModes), 'auto'),
  seeds: v.optional(integer(1, 1000), 1),
  searchSeed: v.optional(integer(0), 0),
  eta: v.optional(integer(2, 100), 3),
  minEpochs: v.optional(integer(1), 1),
});

const rangeSchema = v.strictObject({
  from: number(-Infinity),
  to: number(-Infinity),
  scale: v.optional(v.picklist(['linear', 'log']), 'linear'),
  steps: v.optional(integer(2, mostTrials)),
  integer: v.optional(v.boolean('true or false'), false),
});

/** @throws ConfigurationError with the invalid entry. */
export function parsePlan(json: unknown, subject: string): SweepPlan {
  const { vary, ...rest } = parse(planSchema, json, subject);
  const plan: SweepPlan = {
    ...rest,
    vary: Object.fromEntries(
      Object.entries(vary).map(([path, values]) => [path, parseValues(path, values, `${subject}: vary.${path}`)]),
    ),
  };
  for (const name of ['eta', 'minEpochs'] as const) {
    if (plan.search === 'asha' || !(name in (json as object))) continue;
    throw new ConfigurationError({
      what: `${subject}: ${name} is an option of the search asha`,
      found: `"search": "${plan.search}"`,
      fix: `leave ${name} out, or search with asha`,
    });
  }
  return plan;
}

function parseValues(path: string, values: unknown, subject: string): Json[] | Range {
  if (Array.isArray(values)) return parseList(values, subject);
  if (typeof values !== 'object' || values === null) {
    throw new ConfigurationError({
      what: `${subject} is neither a list nor a range`,
      found: values,
      expected: 'a list of values, or { "from": 0.001, "to": 0.1, "scale": "log" }',
      fix: `move ${path} to base if it does not vary`,
    });
  }
  const { steps, ...range } = parse(rangeSchema, values, subject);
  const { from, to, scale } = range;
  if (!(from < to) || (scale === 'log' && from <= 0)) {
    throw new ConfigurationError({
      what: `${subject} is an empty range`,
      found: `from ${from} to ${to}, ${scale}`,
      expected: scale === 'log' ? '0 < from < to' : 'from < to',
    });
  }
  if (range.integer && Math.ceil(from) > Math.floor(to)) {
    throw new ConfigurationError({ what: `${subject} has no whole number`, found: `from ${from} to ${to}` });
  }
  return { ...range, ...(steps !== undefined && { steps }) };
}

function parseList(values: Json[], subject: string): Json[] {
  if (values.length === 0) {
    throw new ConfigurationError({ what: `${subject} is an empty range`, found: '[]', expected: 'one value or more' });
  }
  const texts = values.map((value) => JSON.stringify(value));
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  if (twice === undefined) return values;
  throw new ConfigurationError({ what: `${subject} has a value twice`, found: twice, expected: 'each value once' });
}
