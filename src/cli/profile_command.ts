import { type Command, Option } from 'commander';
import { ConfigurationError } from '../errors.ts';
import type { Variant } from '../gpu/kernel.ts';
import { printPlan } from './plan.ts';
import { type ProfileCommandOptions, profile } from './profile.ts';
import { profileFile } from './profile_file.ts';
import { profileKernel } from './profile_kernel.ts';
import { profileWatch } from './profile_watch.ts';
import { addRunOptions } from './run_options.ts';
import { addTuningOptions } from './tune_run.ts';
import { integer, namedOrJson, oneOf, outputFile } from './values.ts';

/** Options for the output of a complete step's times. */
const ofAStep = ['trace', 'roofline', 'against'];

/** `wgrad profile` */
export function addProfileCommand(wgrad: Command): void {
  addTuningOptions(addRunOptions(wgrad.command('profile')))
    .description('time each dispatch of a training step, or print its plan')
    .addOption(
      new Option('--steps <n>', 'steps to time')
        .argParser(integer('--steps', { min: 1 }))
        .default(10)
        .conflicts('plan'),
    )
    .addOption(
      new Option('--trace <file>', 'write the step as a Chrome trace, which Perfetto opens')
        .argParser(outputFile('--trace'))
        .conflicts('plan'),
    )
    .addOption(
      new Option('--roofline <file>', 'draw the dispatches under the roofline of the adapter, as SVG')
        .argParser(outputFile('--roofline'))
        .conflicts('plan'),
    )
    .addOption(
      new Option('--against <file>', 'an earlier file of --json: say which dispatches changed beyond the spread')
        .argParser(profileFile)
        .conflicts('plan'),
    )
    .option(
      '--health <level>',
      'what the step measures: off (gradient norms alone) or norms (every figure of a step)',
      oneOf('--health', ['off', 'norms']),
      'norms',
    )
    .option(
      '--plan',
      'print what the step launches and allocates instead of timing it: no Chrome is started, except to decode the ' +
        'pictures of a folder; --adapter hardware plans for a GPU, the default is the software adapter',
      false,
    )
    .addOption(
      new Option('--kernel <name>', 'time one kernel alone, in all variants, at the shapes of the network').conflicts([
        'plan',
        ...ofAStep,
      ]),
    )
    .option(
      '--shape <json>',
      'with --kernel: what differs from those shapes, such as {"batch": 256}, as JSON (text or file)',
      namedOrJson('--shape', []) as (text: string) => Record<string, unknown>,
    )
    .option('--variant <name>', 'with --kernel: time this variant alone, as the table names it or as JSON', variantOf)
    .addOption(
      new Option(
        '--watch',
        'in a clone: check the kernels of every shader that is saved against their float64 twins, and time them again, until Ctrl-C',
      )
        .default(false)
        .conflicts(['plan', 'json', ...ofAStep]),
    )
    .option('--shaders <folder>', "with --watch: the folder to watch (default: the clone's)")
    .action((options: ProfileCommandOptions) => {
      const { kernel, watch, plan } = options;
      for (const flag of ['shape', 'variant'] as const) {
        if (options[flag] !== undefined && kernel === undefined) throw needs(flag, 'kernel <name>');
      }
      if (options.shaders !== undefined && !watch) throw needs('shaders', 'watch');
      if (watch) return profileWatch(options);
      if (kernel !== undefined) return profileKernel(options);
      return plan ? printPlan(options) : profile(options);
    });
}

const variantOf = (text: string): string | Variant =>
  /^\s*\{/.test(text) ? (namedOrJson<Variant>('--variant', [])(text) as Variant) : text;

const needs = (flag: string, other: string) =>
  new ConfigurationError({
    what: `--${flag} does nothing without --${other}`,
    found: `--${flag} alone`,
    fix: `add --${other}, or leave --${flag} out`,
  });
