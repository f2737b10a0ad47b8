import { existsSync, readFileSync } from 'node:fs';
import { ConfigurationError } from '../errors.ts';
import { figure } from '../figures.ts';
import { type AdapterFacts, describeAdapter, type TrainingProfile } from '../index.ts';
import { leavesOf } from './leaves.ts';
import { table } from './tables.ts';
import { parseJson } from './values.ts';

/** The file format of `wgrad profile --json`. */
export interface ProfileFile {
  /** The options of the run. */
  config: object;
  adapter: AdapterFacts;
  profile: TrainingProfile;
}

/** Reads the file of --against. @throws ConfigurationError for a file that does not exist, or contains no profile with spreads. */
export function profileFile(path: string): ProfileFile {
  const wrong = (found: string) =>
    new ConfigurationError({
      what: '--against names a file that is not a profile',
      found: `${path}: ${found}`,
      fix: 'write one with wgrad profile --json <file>',
    });
  if (!existsSync(path)) throw wrong('no such file');
  const { config, adapter, profile } = parseJson('--against', path, readFileSync(path, 'utf8'), false) as ProfileFile;
  const rows: unknown = profile?.dispatches;
  if (!config || !adapter || !Array.isArray(rows)) throw wrong('not the JSON of wgrad profile');
  if (!rows.every((row) => typeof row?.spreadMicroseconds === 'number')) throw wrong('a profile without spreads');
  return { config, adapter, profile };
}

/** A dispatch in two profiles; one of the times is undefined if only one profile has it. */
export interface ProfileChange {
  name: string;
  layer: string;
  /** Median in microseconds. */
  before?: number;
  after?: number;
  /** Whether the medians differ by more than both spreads together. */
  isBeyondSpread: boolean;
}

type Row = Pick<TrainingProfile['dispatches'][number], 'name' | 'layer' | 'microseconds' | 'spreadMicroseconds'>;

/** The changes from one profile to another, dispatch by dispatch, in the order of the newer one; removed dispatches come last. */
export function profileChanges(before: readonly Row[], after: readonly Row[]): ProfileChange[] {
  // A kernel may run several times for a layer: runs are matched in order.
  const waiting = new Map<string, Row[]>();
  const key = ({ name, layer }: Row) => `${layer}\n${name}`;
  for (const row of before) waiting.set(key(row), [...(waiting.get(key(row)) ?? []), row]);
  const changes = after.map((row): ProfileChange => {
    const { name, layer, microseconds } = row;
    const old = waiting.get(key(row))?.shift();
    if (!old) return { name, layer, after: microseconds, isBeyondSpread: true };
    return {
      ...{ name, layer, before: old.microseconds, after: microseconds },
      isBeyondSpread: Math.abs(microseconds - old.microseconds) > row.spreadMicroseconds + old.spreadMicroseconds,
    };
  });
  const gone = [...waiting.values()].flat().map(({ name, layer, microseconds }) => ({
    ...{ name, layer, before: microseconds, isBeyondSpread: true },
  }));
  return [...changes, ...gone];
}

/** The changes beyond the spread as a table, or a sentence if there are none. */
export function changesText(changes: readonly ProfileChange[]): string {
  const beyond = changes.filter(({ isBeyondSpread }) => isBeyondSpread);
  if (beyond.length === 0)
    return `against  none of ${changes.length} dispatches changed by more than the spread of both profiles`;
  const rows = beyond.map(({ name, layer, before, after }) => [
    name,
    layer,
    before === undefined ? 'not there' : figure(before),
    after === undefined ? 'gone' : figure(after),
    before && after ? `${after > before ? '+' : ''}${((100 * (after - before)) / before).toFixed(1)} %` : '',
  ]);
  const rest = changes.length - beyond.length;
  const unchanged =
    rest > 0 ? `\nagainst  ${rest} of ${changes.length} dispatches stayed within the spread of both profiles` : '';
  return table(['changed beyond the spread', 'layer', 'before, us', 'now, us', 'change'], rows, 2) + unchanged;
}

/** Warnings about differences between two profiles that make their times incomparable. */
export function differencesOf(before: ProfileFile, now: Omit<ProfileFile, 'profile'>): string[] {
  const [then, here] = [describeAdapter(before.adapter), describeAdapter(now.adapter)];
  const [old, current] = [before.config, now.config].map((config) => leavesOf(config));
  const names = [...new Set([...old!.keys(), ...current!.keys()])].filter(
    (name) => old!.get(name) !== current!.get(name),
  );
  const shown = names.length > 6 ? [...names.slice(0, 5), `${names.length - 5} more options`] : names;
  return [
    ...(then === here ? [] : [`warning  the other profile was measured on another adapter: ${then}`]),
    ...(names.length > 0
      ? [`warning  the other profile was measured with other options: it differs in ${shown.join(', ')}`]
      : []),
  ];
}
