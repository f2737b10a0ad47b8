import type { Command } from 'commander';
import { addAdapterOptions } from '../adapter_options.ts';
import { integer, outputFile, outputFolder } from '../values.ts';
import { type SweepOptions, sweep } from './sweep.ts';

/** `wgrad sweep`, which is loaded when it is used. */
export function addSweepCommands(wgrad: Command): void {
  const sweeping = wgrad.command('sweep');
  addAdapterOptions(sweeping)
    .description('train many configurations, on this machine or on several, and find the best')
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
}
