import { existsSync, renameSync, statSync } from 'node:fs';
import { join, parse } from 'node:path';
import { ConfigurationError, WgradError } from '../errors.ts';
import { firstRemedy } from '../health/first_remedy.ts';
import type { Change, Remedy } from '../health/health.ts';
import type { AugmentationConfig, Model, OptimizerConfig, TrainerOptions } from '../index.ts';
import { applyChange } from '../train/apply_change.ts';
import type { CompareOptions } from './compare_options.ts';
import { optimizerFlags, type RunOptions } from './run_options.ts';
import { type TrainCommandOptions, type Trained, train } from './train.ts';
import { flagOf } from './values.ts';

/** An experiment that has been trained, and the same with a remedy applied. */
interface Remedied {
  remedy: Remedy & { change: Change };
  before: Changed;
  after: Changed;
}

interface Changed {
  model: Model;
  optimizer: Exclude<OptimizerConfig, string>;
  augmentation: AugmentationConfig;
}

/** Options that apply to a single run of a single network. */
const ofOneRun = ['checkpoint', 'checkpointEvery', 'resume', 'from'] as const;

/** `wgrad train --apply-remedy`: trains, and trains again with the verdict's first remedy that is a setting, if there is one. */
export async function trainWithRemedy(options: TrainCommandOptions, typed: readonly string[]): Promise<void> {
  for (const name of ofOneRun) {
    if (options[name] === undefined) continue;
    throw new ConfigurationError({
      what: '--apply-remedy trains two networks from the start, so it cannot be combined with a run that is continued',
      found: `--apply-remedy with ${flagOf(name)}`,
      fix: 'leave one of them out',
    });
  }
  if (options.json === '-') {
    throw new ConfigurationError({
      what: '--apply-remedy trains two networks, and the standard output can have the figures of only one',
      found: '--apply-remedy with --json -',
      fix: 'name a file with --json: the first run is kept next to it',
    });
  }
  requireHealth(options.health);
  const found = await diagnose(options, typed);
  if (!found) return;
  for (const name of ofOneFile) if (options[name] !== undefined) keepUntreated(options[name]);
  const logdir = options.logdir === undefined ? undefined : join(options.logdir, 'remedy');
  if (logdir !== undefined)
    console.log(`kept     ${options.logdir}: the run without the remedy; the other is in ${logdir}`);
  await train({ ...options, ...optionsOf(found.after), ...(logdir !== undefined && { logdir }) }, typed);
}

/** Options that name an output file of the run, which the second run would overwrite. */
const ofOneFile = ['save', 'json', 'csv'] as const;

/** Renames an output file of the run without the remedy. */
function keepUntreated(path: string): void {
  if (!existsSync(path) || !statSync(path).isFile()) return;
  const { dir, name, ext } = parse(path);
  const kept = join(dir, `${name}-untreated${ext}`);
  renameSync(path, kept);
  console.log(`kept     ${kept}: the run without the remedy`);
}

/**
 * `wgrad compare --a this --b remedy`: runs A first and returns the twins with the remedy of its verdict; undefined if it has none.
 */
export async function withRemedy(options: CompareOptions): Promise<CompareOptions | undefined> {
  const { json: _, report: __, resume: ___, a: ____, b: _____, ...run } = options;
  const found = await diagnose({ ...run, health: 'norms' } as TrainCommandOptions, []);
  if (!found) return undefined;
  const { before, after, remedy } = found;
  const { layers, rescale } = remedy.change;
  const part = layers ? 'model' : rescale === undefined ? 'optimizer' : 'augmentation';
  const text = (of: Changed) => JSON.stringify(of[part]);
  return { ...options, ...optionsOf(before), vary: part, a: text(before), b: text(after) };
}

function requireHealth(health: string | undefined): void {
  if (health !== 'off') return;
  throw new ConfigurationError({
    what: '--apply-remedy needs the verdicts, which need measurements of the layers',
    found: '--apply-remedy --health off',
    fix: 'leave --health out',
  });
}

async function diagnose(options: TrainCommandOptions, typed: readonly string[]): Promise<Remedied | undefined> {
  let trained: Trained | undefined;
  let remedy: Remedied['remedy'] | undefined;
  try {
    await train(options, typed, (ended) => {
      trained = ended;
      remedy = firstRemedy(ended.log.runVerdicts, ended.log.verdicts);
    });
  } catch (error) {
    // A run that ended with non-finite numbers may have a remedy; any other error has none.
    if (!remedy) throw error;
    console.log(`failed   ${error instanceof WgradError ? `${error.parts.what}.` : error}`);
  }
  if (!trained || !remedy) {
    console.log('remedy   none that is a setting');
    return undefined;
  }
  console.log(`remedy   ${remedy.words}: ${JSON.stringify(remedy.change)}`);
  const { model, optimizer, augmentation } = trained.config as unknown as TrainerOptions;
  const before = { model, optimizer, augmentation } as Changed;
  return { remedy, before, after: applyChange(before, remedy.change) };
}

/** The command's options for an experiment. `optimizer` contains its own options. */
const optionsOf = ({ model, optimizer, augmentation }: Changed): Partial<RunOptions> => ({
  model: model as unknown as Record<string, unknown>,
  optimizer,
  augment: augmentation,
  ...Object.fromEntries(optimizerFlags.map((name) => [name, undefined])),
});
