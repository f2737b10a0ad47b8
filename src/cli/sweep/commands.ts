import type { Command } from 'commander';
import { addAdapterOptions } from '../adapter_options.ts';
import { integer, outputFile, outputFolder } from '../values.ts';
import { reportSweep, type SweepReportOptions, sweepStatus } from './report_commands.ts';
import { type SweepOptions, sweep } from './sweep.ts';

/** Adds `wgrad sweep`, whose code is loaded when it is used. */
export function addSweepCommands(wgrad: Command): void {
  const sweeping = wgrad.command('sweep');
  addAdapterOptions(sweeping)
    .description('train many configurations on this machine, and find the best')
    .argument('<plan>', 'a JSON file: base (options of train), vary (lists and ranges), search (grid, random, asha)')
    .option(
      '--jobs <n>',
      'Chromes that train at the same time (default: one for each GPU, one on a CPU)',
      integer('--jobs', { min: 1, max: 64 }),
    )
    .option(
      '--folder <folder>',
      "where results, logs and states are kept (default: the plan's name with .sweep in place of .json)",
      outputFolder('--folder'),
    )
    .option('--resume', 'continue an interrupted sweep: only what is missing is trained')
    .option('--json <file>', 'write all trials with their figures', outputFile('--json'))
    .action((plan: string, options: SweepOptions) => sweep(plan, options));
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
