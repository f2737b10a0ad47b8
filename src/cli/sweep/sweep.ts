import { existsSync, readFileSync } from 'node:fs';
import { ConfigurationError, WgradError } from '../../errors.ts';
import { count, counted } from '../../figures.ts';
import type { SweepFile } from '../../report/sweep_file.ts';
import type { AdapterOptions } from '../adapter_options.ts';
import { hostLine } from '../hosts/host_names.ts';
import { Interrupts } from '../interrupts.ts';
import { version } from '../package_facts.ts';
import { adapterLine } from '../training_report.ts';
import { parseJson } from '../values.ts';
import { reportWritten, writeWholeSomewhere } from '../whole_file.ts';
import { trialImages } from './datasets.ts';
import { gpus } from './gpus.ts';
import { LocalSweep } from './local_sweep.ts';
import { parsePlan, type SweepPlan } from './plan.ts';
import { SweepFolder, type SweepHead } from './sweep_folder.ts';
import { sweepTable } from './tables.ts';
import { TrialChrome } from './trial_chrome.ts';
import { type CheckedSweep, checkSweep } from './trials.ts';

export interface SweepOptions extends AdapterOptions {
  /** Number of Chromes that train at the same time. */
  jobs?: number;
  /** Folder for results, logs and states. */
  folder?: string;
  resume?: boolean;
  json?: string;
}

/** Maximum number of rows in the final table; the report has all. */
const printedRows = 30;

/** The default folder of a sweep, next to its plan. */
export const folderOf = (plan: string): string => `${plan.replace(/\.json$/, '')}.sweep`;

/** @throws ConfigurationError for a file that is not a plan. */
export function readPlan(path: string): SweepPlan {
  if (!existsSync(path)) {
    throw new ConfigurationError({
      what: 'The plan does not exist',
      found: path,
      expected: 'a JSON file such as { "base": { "dataset": "digits" }, "vary": { "learningRate": [0.001, 0.01] } }',
    });
  }
  return parsePlan(parseJson('wgrad sweep', path, readFileSync(path, 'utf8'), false), path);
}

/** `wgrad sweep <plan>` */
export async function sweep(planFile: string, options: SweepOptions): Promise<void> {
  const plan = readPlan(planFile);
  const checked = await checkSweep(plan, trialImages(options));
  const head = headOf(plan, checked);
  const folder = SweepFolder.begin(options.folder ?? folderOf(planFile), head, options.resume ?? false);
  const first = new TrialChrome(options);
  const chromes = [first];
  const interrupts = new Interrupts(async () => {
    await Promise.all(chromes.map((chrome) => chrome.close()));
  });
  try {
    await first.open();
    console.log(hostLine(first.host, first.version));
    console.log(adapterLine(first.adapter));
    const jobs = options.jobs ?? (first.adapter.software ? 1 : gpus());
    console.log(sweepLine(plan, checked));
    console.log(`jobs     ${counted(jobs, 'Chrome')} at a time; results are kept in ${folder.path}`);
    const work = new LocalSweep(checked, folder, chromes, { options, jobs });
    interrupts.stop = () => {
      work.stop();
      console.log('Stopping after this step; finished trials are kept. Press Ctrl-C again to quit immediately.');
    };
    await work.run();
  } finally {
    interrupts.dispose();
    await Promise.all(chromes.map((chrome) => chrome.close()));
    conclude(folder, options);
  }
  requireOneDone(folder.file);
}

export const headOf = (plan: SweepPlan, { trials, metric, data }: CheckedSweep): SweepHead => ({
  ...({ kind: 'wgrad sweep', format: 1 } as const),
  ...{ plan, versions: { wgrad: version }, metric, trials, data: Object.fromEntries(data) },
});

export function sweepLine(plan: SweepPlan, { trials, rungs, metric }: CheckedSweep): string {
  const configurations = trials.at(-1)!.configuration;
  const parts = [
    `sweep    ${plan.search}: ${counted(trials.length, 'trial')}`,
    ...(trials.length > configurations ? [`${counted(configurations, 'configuration')}`] : []),
    ...(rungs
      ? [
          `halved after ${rungs
            .slice(0, -1)
            .map(({ epochs }) => counted(epochs, 'epoch'))
            .join(', ')}`,
        ]
      : []),
    `${metric.name} decides, ${metric.mode === 'max' ? 'larger' : 'smaller'} is better`,
  ];
  return parts.join('; ');
}

/** Prints and writes the results of the trials that have ended. */
export function conclude({ file }: Pick<SweepFolder, 'file'>, { json }: Pick<SweepOptions, 'json'>): void {
  printSweep(file);
  if (file.trials.some(({ status }) => status === 'waiting')) {
    console.log('resume   the same command with --resume trains the others');
  }
  if (!json) return;
  writeWholeSomewhere(json, `${JSON.stringify(file, null, 1)}\n`);
  reportWritten(json);
}

/** Prints the best configurations, and the number of trials by status. */
export function printSweep(file: SweepFile): void {
  const counts = new Map<string, number>();
  for (const { status } of file.trials) counts.set(status, (counts.get(status) ?? 0) + 1);
  if (file.trials.some(({ metric }) => metric !== null)) console.log(sweepTable(file, printedRows));
  const parts = (['done', 'halted', 'failed', 'waiting'] as const).flatMap((status) =>
    counts.has(status) ? [`${count(counts.get(status)!)} ${status}`] : [],
  );
  console.log(`trials   ${parts.join(', ')}`);
}

/** If all trials of a sweep have failed, its base most likely contains a mistake. */
export function requireOneDone({ trials }: SweepFile): void {
  if (!trials.every(({ status }) => status === 'failed')) return;
  throw new WgradError({ what: 'Every trial failed', found: trials[0]!.error ?? 'no reason' });
}
