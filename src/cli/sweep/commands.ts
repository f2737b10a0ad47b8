import type { Command } from 'commander';
import { ConfigurationError } from '../../errors.ts';
import { addAdapterOptions } from '../adapter_options.ts';
import { type QueueSweepOptions, queueSweep } from '../queue/queue_sweep.ts';
import { addWorkingOptions } from '../queue/worker.ts';
import { flagOf, integer, outputFile, outputFolder, real } from '../values.ts';
import { reportSweep, type SweepReportOptions, sweepStatus } from './report_commands.ts';
import { sweep } from './sweep.ts';

/** Adds `wgrad sweep`, whose code is loaded when it is used. */
export function addSweepCommands(wgrad: Command): void {
  const sweeping = wgrad.command('sweep');
  addWorkingOptions(addAdapterOptions(sweeping))
    .description('train many configurations, on this machine or on many with a queue, and find the best')
    .argument('<plan>', 'a JSON file: base (options of train), vary (lists and ranges), search (grid, random, asha)')
    .option(
      '--jobs <n>',
      'Chromes that train at the same time (default: one for each GPU, one on a CPU)',
      integer('--jobs', { min: 0, max: 64 }),
    )
    .option(
      '--attempts <n>',
      'with --queue: how often a trial is begun, where workers go away, before it counts as failed',
      integer('--attempts', { min: 1, max: 100 }),
      5,
    )
    .option(
      '--takeover <seconds>',
      'with --queue: how long a worker may be silent before another one takes over its trial',
      real('--takeover', { min: 1, max: 86_400 }),
      30,
    )
    .option(
      '--kind <kind>',
      'with --queue: the only kind of adapter that trains its trials, as results name it: software, nvidia ampere (default: any; results of each kind are kept apart)',
    )
    .option(
      '--folder <folder>',
      "where results, logs and states are kept (default: the plan's name with .sweep in place of .json)",
      outputFolder('--folder'),
    )
    .option('--resume', 'continue an interrupted sweep: only what is missing is trained')
    .option('--json <file>', 'write all trials with their figures', outputFile('--json'))
    .action((plan: string, options: QueueSweepOptions) => {
      const typed = (name: string) => sweeping.getOptionValueSource(name) === 'cli';
      if (options.queue !== undefined) return queueSweep(plan, options);
      requireNoQueueFlags(options, typed);
      return sweep(plan, options);
    });
  const which = 'the plan of the sweep, or its folder';
  const status = sweeping
    .command('status')
    .description('how far a sweep is, and its best configurations so far')
    .argument('[plan]', which)
    .option('--folder <folder>', 'the folder of the sweep');
  status.action((plan: string | undefined) => sweepStatus(plan, status.optsWithGlobals<SweepReportOptions>()));
  const report = sweeping
    .command('report')
    .description('write a sweep as one HTML page, which needs no network')
    .argument('[plan]', which)
    .option('--folder <folder>', 'the folder of the sweep')
    .option('--out <file>', 'the page to write (default: report.html in the folder)', outputFile('--out'))
    .option('--csv <file>', 'write a row for each trial', outputFile('--csv'))
    .option('--json <file>', 'write all trials with their figures', outputFile('--json'));
  report.action((plan: string | undefined) => reportSweep(plan, report.optsWithGlobals<SweepReportOptions>()));
}

/** Options that apply to a queue only. */
const ofQueues = ['data', 'checkpoints', 'stateLimit', 'queueTimeout', 'attempts', 'takeover', 'kind'];

function requireNoQueueFlags({ jobs }: QueueSweepOptions, isTyped: (name: string) => boolean): void {
  const flag = ofQueues.find(isTyped);
  if (flag === undefined && jobs !== 0) return;
  const found = flag === undefined ? '--jobs 0' : flagOf(flag);
  throw new ConfigurationError({
    what: `${found} is for a sweep over several machines`,
    found: `${found} without --queue`,
    fix: `add --queue redis://host:6379, or leave ${found} out`,
  });
}
