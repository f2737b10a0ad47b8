import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { ConfigurationError, WgradError } from '../errors.ts';
import { count, counted, figure } from '../figures.ts';
import { variantText } from '../gpu/variants.ts';
import type { KernelVariants, TrainerOptions, TuneResult } from '../index.ts';
import { tensorCoresOption } from './adapter_options.ts';
import { cacheFolder } from './dataset_cache.ts';
import type { RunOptions } from './run_options.ts';
import type { Session } from './session.ts';
import { namedOrJson, oneOf } from './values.ts';
import { writeWhole } from './whole_file.ts';

/** Adds the options of commands that run one network: which kernel variants to use. */
export function addTuningOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--tuning <mode>',
        'auto (on a GPU, time the variants of the kernels before the run, for at most a second, and use the fastest), full (time all of them, on the CPU too) or off (use the defaults)',
      )
        .argParser(oneOf('--tuning', ['auto', 'off', 'full']))
        .default('auto'),
    )
    .option(
      '--kernel-variants <json>',
      'variants of the kernels to use, as JSON (text or file), such as the file of wgrad tune --json, or of train --json to repeat the choice of that run',
      kernelVariantsOf,
    )
    .addOption(tensorCoresOption());
}

const kernelVariantsOf = (text: string): KernelVariants => {
  const json = namedOrJson<Record<string, unknown>>('--kernel-variants', [])(text) as Record<string, unknown>;
  const { tuning, config } = json as {
    tuning?: { variants?: KernelVariants };
    config?: Pick<TrainerOptions, 'kernelVariants'>;
  };
  if (tuning?.variants) return tuning.variants;
  // A run without recorded variants used the defaults.
  if (config) return config.kernelVariants ?? {};
  for (const [kernel, variant] of Object.entries(json)) {
    if (typeof variant === 'object' && variant !== null && !Array.isArray(variant)) continue;
    throw new ConfigurationError({
      what: `--kernel-variants has no variant for ${kernel.slice(0, 80)}`,
      found: variant,
      expected:
        'for each kernel and its shape an object with the parameters of a variant, such as {"subgroups": false, "quads": 2}',
      fix: 'give the file of wgrad tune --json, or of wgrad train --json',
    });
  }
  return json as KernelVariants;
};

/** The file in which the command keeps the tuner's results, next to the data sets. */
const cacheFile = () => join(process.env.WGRAD_DATA_DIR ?? dirname(cacheFolder()), 'tuning.json');

/** Saves the tuner's results so far, so that an interrupted tuner loses only the current kernel. */
export function keepTuning(cache: string): void {
  try {
    mkdirSync(dirname(cacheFile()), { recursive: true });
    writeWhole(cacheFile(), cache);
  } catch (error) {
    // The times can be measured again in a second, so a full disk must not prevent training.
    console.error(
      `warning  the times of the kernels are not kept: ${error instanceof WgradError ? error.message : error}`,
    );
  }
}

function keptTuning(): string | undefined {
  try {
    return readFileSync(cacheFile(), 'utf8');
  } catch {
    return undefined;
  }
}

/** Times the kernels of a run according to `--tuning`; undefined if that is off or the variants are given. */
export async function tuneRun(
  session: Session,
  trainer: TrainerOptions,
  { tuning = 'off' }: Pick<RunOptions, 'tuning'>,
): Promise<TuneResult | undefined> {
  if (trainer.kernelVariants && tuning === 'full') {
    console.log('note     --tuning full has no effect, because --kernel-variants chooses the variants');
  }
  if (trainer.kernelVariants || tuning === 'off' || (tuning === 'auto' && session.adapter.software)) return undefined;
  const cache = keptTuning();
  if (tuning === 'full') console.log('tuning   timing every variant of every kernel; Ctrl-C keeps the times so far');
  const result = await session.call('tune', { trainer, mode: tuning, ...(cache !== undefined && { cache }) });
  if (!result) return undefined;
  if (result.discarded) console.log(`tuning   the times stored in ${cacheFile()} were discarded: ${result.discarded}`);
  if (result.cache !== cache) keepTuning(result.cache);
  console.log(tuningLine(result, tuning === 'full'));
  for (const { kernel, failed = [] } of result.kernels) {
    for (const { variant, reason } of failed) {
      console.log(`warning  ${kernel} (${variantText(variant)}) is left out, because it does not compile: ${reason}`);
    }
  }
  return result;
}

function tuningLine({ kernels, variants, fromCache, left, seconds }: TuneResult, isStopped: boolean): string {
  const timed = `${counted(kernels.length, 'kernel')}, ${count(fromCache)} of them timed earlier, in ${figure(seconds)} s`;
  const others = Object.keys(variants).length;
  const why = isStopped
    ? 'before Ctrl-C (the same command continues with them)'
    : 'within a second (--tuning full times them)';
  const rest = left > 0 ? `; ${count(left)} were not timed ${why}` : '';
  return `tuning   ${timed}: ${count(others)} in another variant than the default${rest}`;
}
