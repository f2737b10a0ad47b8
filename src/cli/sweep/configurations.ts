import { createHash } from 'node:crypto';
import { ConfigurationError } from '../../errors.ts';
import { count, counted } from '../../figures.ts';
import type { Json, JsonOptions } from '../../report/sweep_file.ts';
import type { Range, SweepPlan } from './plan.ts';

/** Maximum number of attempts to find a configuration that differs from all earlier ones. */
const mostTries = 1000;

/**
 * Expands a plan into its configurations, without seeds: each assigns a value to every varied path.
 *
 * @throws ConfigurationError for more configurations than there are combinations, and a grid over a range without steps.
 */
export function configurationsOf(plan: SweepPlan): JsonOptions[] {
  const { search, trials, vary } = plan;
  // Seeds distinguish trials of a configuration, not configurations.
  const entries = Object.entries(vary).filter(([path]) => path !== 'seed');
  const isAll = search === 'grid' || (search === 'asha' && trials === undefined);
  const lists = entries.map(([path, values]) => [path, isAll ? gridOf(path, values) : finiteValues(values)] as const);
  const size = lists.reduce((product, [, values]) => product * (values?.length ?? Infinity), 1);
  requireEnough(plan, size);
  if (isAll) return product(lists as (readonly [string, Json[]])[]);
  const found = new Map<string, JsonOptions>();
  for (let at = 0, tries = 0; found.size < trials! && tries < mostTries; at++) {
    const drawn = Object.fromEntries(
      entries.map(([path, values], i) => [path, draw(lists[i]![1] ?? values, uniform(plan.searchSeed, at, path))]),
    );
    const text = JSON.stringify(drawn);
    tries = found.has(text) ? tries + 1 : 0;
    found.set(text, drawn);
  }
  return [...found.values()];
}

function requireEnough({ search, trials }: SweepPlan, size: number): void {
  if (search === 'random' && trials === undefined) {
    throw new ConfigurationError({
      what: 'A random search needs a number of trials',
      found: 'no trials in the plan',
      fix: 'add "trials": 20, for example',
    });
  }
  if (trials === undefined || trials === size || (search !== 'grid' && trials < size)) return;
  const isMore = trials > size;
  throw new ConfigurationError({
    what: isMore ? 'The plan asks for more trials than the grid has' : 'A grid has all of its trials',
    found: `trials ${trials}`,
    expected: `${isMore ? 'at most ' : ''}${count(size)}, the product of the lists' lengths; seeds come on top of it`,
    fix: isMore ? 'ask for fewer, or vary more' : 'leave trials out, or search with random',
  });
}

const product = (lists: readonly (readonly [string, Json[]])[]): JsonOptions[] =>
  lists.reduce<JsonOptions[]>(
    (all, [path, values]) => all.flatMap((before) => values.map((value) => ({ ...before, [path]: value }))),
    [{}],
  );

function gridOf(path: string, values: Json[] | Range): Json[] {
  const list = finiteValues(values);
  if (list) return list;
  throw new ConfigurationError({
    what: `A grid needs to know how many values of ${path} it takes`,
    found: `from ${(values as Range).from} to ${(values as Range).to}, without steps`,
    fix: 'add "steps": 5, for example, list the values, or search with random',
  });
}

/** The values of a list, or of a range with steps or few whole numbers; undefined for a continuous range. */
function finiteValues(values: Json[] | Range): Json[] | undefined {
  if (Array.isArray(values)) return values;
  const { steps } = values;
  if (steps === undefined) return undefined;
  const all = Array.from({ length: steps }, (_, i) => within(values, i / (steps - 1)));
  return [...new Set(all)];
}

/** The value at a position from 0 to 1 within a range. Four digits keep the commands of the trials readable. */
function within({ from, to, scale, integer }: Range, share: number): number {
  const value = scale === 'log' ? from * (to / from) ** share : from + share * (to - from);
  if (integer) return Math.min(Math.floor(to), Math.max(Math.ceil(from), Math.round(value)));
  return Math.min(to, Math.max(from, Number(value.toPrecision(4))));
}

function draw(values: Json[] | Range, share: number): Json {
  if (Array.isArray(values)) return values[Math.floor(share * values.length)]!;
  return within(values, share);
}

/** A pseudorandom number in [0, 1) that depends only on the arguments, so that adding trials does not change the earlier ones. */
function uniform(seed: number, at: number, path: string): number {
  const hash = createHash('sha256').update(`${seed} ${at} ${path}`).digest();
  return hash.readUIntBE(0, 6) / 2 ** 48;
}

/**
 * The seeds of each configuration: those that the plan varies, or the seed of `base` and the following ones.
 *
 * @throws ConfigurationError if the plan gives them in two ways.
 */
export function seedsOf({ base, vary, seeds }: SweepPlan): Json[] {
  const listed = vary.seed;
  if (listed === undefined) {
    const first = base.seed ?? 0;
    return Array.from({ length: seeds }, (_, i) => (typeof first === 'number' ? first + i : first));
  }
  if (!Array.isArray(listed)) {
    throw new ConfigurationError({
      what: 'Seeds are varied as a list',
      found: JSON.stringify(listed),
      fix: 'write "vary": { "seed": [0, 1, 2] }, or "seeds": 3',
    });
  }
  if (seeds === 1) return listed;
  throw new ConfigurationError({
    what: 'The plan has seeds in two places',
    found: `"seeds": ${seeds}, and ${counted(listed.length, 'seed')} in vary`,
    fix: 'leave one of them out',
  });
}
