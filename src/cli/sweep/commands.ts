import type { Command } from 'commander';
import { addAdapterOptions } from '../adapter_options.ts';
import { cancelWork, type QueueReportOptions, queueReport, queueStatus } from '../queue/queue_commands.ts';
import { type QueueSweepOptions, queueSweep } from '../queue/queue_sweep.ts';
import { defaultAttempts, defaultTakeover } from '../queue/work.ts';
import { addWorkingOptions, requireNoQueueFlags } from '../queue/working_options.ts';
import { integer, jsonOption, outputFile, outputFolder, real } from '../values.ts';
import { reportSweep, sweepStatus } from './report_commands.ts';
import { sweep } from './sweep.ts';

/** Adds `wgrad sweep`, whose code is loaded when it is used. */
export function addSweepCommands(wgrad: Command): void {
  const sweeping = wgrad.command('sweep');
  addWorkingOptions(addAdapterOptions(sweeping))
    .description('train many configurations, on this machine or on several through a queue, and find the best one')
    .argument(
      '<plan>',
      'JSON file with base (options of train), vary (lists and ranges) and search (grid, random, asha)',
    )
    .option(
      '--jobs <n>',
      'number of Chromes that train at the same time (default: one per GPU, or one on a CPU); with --queue, 0 leaves the training to the workers',
      integer('--jobs', { min: 0, max: 64 }),
    )
    .option(
      '--attempts <n>',
      'with --queue: maximum number of attempts per trial, if workers disappear, before it is reported as failed',
      integer('--attempts', { min: 1, max: 100 }),
      defaultAttempts,
    )
    .option(
      '--takeover <seconds>',
      'with --queue: seconds without a sign of life from a worker before another one takes over its trial',
      real('--takeover', { min: 1, max: 86_400 }),
      defaultTakeover,
    )
    .option(
      '--kind <kind>',
      'with --queue: train only on this kind of adapter, named as in the results, such as software or nvidia ampere (default: any; results of each kind are kept apart)',
    )
    .option(
      '--folder <folder>',
      "folder for results, logs and the states of unfinished trials (default: the plan's name with .sweep instead of .json)",
      outputFolder('--folder'),
    )
    .option('--resume', 'continue an interrupted sweep, training only the trials that are missing')
    .addOption(jsonOption('write all trials with their figures as JSON'))
    .action((plan: string, options: QueueSweepOptions) => {
      const typed = (name: string) => sweeping.getOptionValueSource(name) === 'cli';
      if (options.queue !== undefined) return queueSweep(plan, options);
      requireNoQueueFlags(options, typed);
      return sweep(plan, options);
    });
  const which = 'plan of the sweep, or its folder; with --queue also its name or ID';
  const queueFlag = [
    '--queue [url]',
    'URL of the Redis server that holds the queue, for a sweep in a queue; without a URL, the one in WGRAD_QUEUE',
  ] as const;
  const status = sweeping
    .command('status')
    .description('show the progress of a sweep and its best configurations so far')
    .argument('[plan]', which)
    .option('--folder <folder>', 'folder of the sweep')
    .option(...queueFlag);
  status.action((plan: string | undefined) => {
    const options = status.optsWithGlobals<QueueReportOptions>();
    return options.queue === undefined ? sweepStatus(plan, options) : queueStatus(plan, options);
  });
  const report = sweeping
    .command('report')
    .description('write a report on a sweep as one self-contained HTML page')
    .argument('[plan]', which)
    .option('--folder <folder>', 'folder of the sweep')
    .option(...queueFlag)
    .option(
      '--out <file>',
      'page to write (default: report.html in the folder, or the name of a sweep in a queue with .html)',
      outputFile('--out'),
    )
    .option('--csv <file>', 'write a row for each trial', outputFile('--csv'))
    .addOption(jsonOption('write all trials with their figures as JSON'));
  report.action((plan: string | undefined) => {
    const options = report.optsWithGlobals<QueueReportOptions>();
    return options.queue === undefined ? reportSweep(plan, options) : queueReport(plan, options);
  });
  const cancel = sweeping
    .command('cancel')
    .description(
      'cancel a sweep or a comparison in a queue: finished trials and pairs are kept, and no more are trained',
    )
    .argument('<plan>', 'its plan, name or ID')
    .option(...queueFlag);
  cancel.action((plan: string) => cancelWork(plan, cancel.optsWithGlobals<QueueReportOptions>()));
}
