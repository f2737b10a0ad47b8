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
      new Option('--steps <n>', 'number of steps to time')
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
      new Option('--roofline <file>', "draw the dispatches under the adapter's roofline, as SVG")
        .argParser(outputFile('--roofline'))
        .conflicts('plan'),
    )
    .addOption(
      new Option(
        '--against <file>',
        'earlier file of --json to compare with: report the dispatches that changed by more than the spread',
      )
        .argParser(profileFile)
        .conflicts('plan'),
    )
    .option(
      '--health <level>',
      'what the step measures: off (only gradient norms) or norms (every figure of a step)',
      oneOf('--health', ['off', 'norms']),
      'norms',
    )
    .option(
      '--plan',
      'print what the step launches and allocates instead of timing it. This starts Chrome only to decode the pictures ' +
        'of a folder. --adapter hardware plans for a GPU (default: the software adapter)',
      false,
    )
    .addOption(
      new Option('--kernel <name>', "time a single kernel in all its variants, at the network's shapes").conflicts([
        'plan',
        ...ofAStep,
      ]),
    )
    .option(
      '--shape <json>',
      'with --kernel: sizes that differ from those shapes, as JSON (text or file), such as {"batch": 256}',
      namedOrJson('--shape', []) as (text: string) => Record<string, unknown>,
    )
    .option(
      '--variant <name>',
      'with --kernel: time only this variant, named as in the table or given as JSON',
      variantOf,
    )
    .addOption(
      new Option(
        '--watch',
        'in a clone: whenever a shader is saved, check its kernels against their float64 twins and time them, until Ctrl-C',
      )
        .default(false)
        .conflicts(['plan', 'json', ...ofAStep]),
    )
    .option('--shaders <folder>', "with --watch: folder to watch (default: the clone's shaders)")
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
