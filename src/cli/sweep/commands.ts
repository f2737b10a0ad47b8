import type { Command } from 'commander';
import { addAdapterOptions } from '../adapter_options.ts';
import { cancelWork, type QueueReportOptions, queueReport, queueStatus } from '../queue/queue_commands.ts';
import { type QueueSweepOptions, queueSweep } from '../queue/queue_sweep.ts';
import { addWorkingOptions, requireNoQueueFlags } from '../queue/working_options.ts';
import { integer, outputFile, outputFolder, real } from '../values.ts';
import { reportSweep, sweepStatus } from './report_commands.ts';
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
  const which = 'the plan of the sweep, or its folder; with --queue also its name or its id';
  const queueFlag = [
    '--queue [url]',
    'of a sweep in a queue: the Redis that has it, by default that of WGRAD_QUEUE',
  ] as const;
  const status = sweeping
    .command('status')
    .description('how far a sweep is, and its best configurations so far')
    .argument('[plan]', which)
    .option('--folder <folder>', 'the folder of the sweep')
    .option(...queueFlag);
  status.action((plan: string | undefined) => {
    const options = status.optsWithGlobals<QueueReportOptions>();
    return options.queue === undefined ? sweepStatus(plan, options) : queueStatus(plan, options);
  });
  const report = sweeping
    .command('report')
    .description('write a sweep as one HTML page, which needs no network')
    .argument('[plan]', which)
    .option('--folder <folder>', 'the folder of the sweep')
    .option(...queueFlag)
    .option(
      '--out <file>',
      'the page to write (default: report.html in the folder; of a sweep in a queue its name with .html)',
      outputFile('--out'),
    )
    .option('--csv <file>', 'write a row for each trial', outputFile('--csv'))
    .option('--json <file>', 'write all trials with their figures', outputFile('--json'));
  report.action((plan: string | undefined) => {
    const options = report.optsWithGlobals<QueueReportOptions>();
    return options.queue === undefined ? reportSweep(plan, options) : queueReport(plan, options);
  });
  const cancel = sweeping
    .command('cancel')
    .description('take a sweep or a comparison out of a queue: what is done is kept, the rest is not trained')
    .argument('<plan>', 'its plan, name or id')
    .option(...queueFlag);
  cancel.action((plan: string) => cancelWork(plan, cancel.optsWithGlobals<QueueReportOptions>()));
}
