import { ShaderError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { KernelCache, type Variant } from '../gpu/kernel.ts';
import { unlessAborted } from '../gpu/unless_aborted.ts';
import { variantText } from '../gpu/variants.ts';
import { timeLaunches } from '../train/tuner.ts';
import { EditedKernels, type ShaderTexts, withPlaces } from './edited_kernels.ts';
import { type KernelCase, kernelCases } from './kernel_cases.ts';
import type { LaunchChoice } from './kernel_launches.ts';
import { compareWithTwin, variantsOf } from './kernels/check_kernel.ts';
import { launchesFor, type TimedNetwork } from './time_kernel.ts';

/** Edited shaders, and the versions that they are compared with. */
export interface ShaderChange {
  /** All shaders as wgrad was built from them. */
  built: ShaderTexts;
  /** Shaders that differed from the build when they last agreed with their twins. */
  before: ShaderTexts;
  /** Shaders that differ from the build now. */
  now: ShaderTexts;
  /** Paths of the shaders that differ between the two. */
  changed: readonly string[];
  /** Which kernels are checked and timed: all that include a changed file, or a selected one. */
  choice: LaunchChoice;
  /** Network whose shapes are timed. */
  network: TimedNetwork;
  /** Number of timing rounds. */
  rounds: number;
}

/** Times of a kernel at one of the network's shapes, with the previous and the current text, measured alternately. */
export interface TimeChange {
  kernel: string;
  layers: string[];
  shape: object;
  variant: Variant;
  /** Medians and interquartile ranges, in microseconds. */
  before: number;
  beforeSpread: number;
  now: number;
  nowSpread: number;
}

/** The effects of a change of shaders. */
export interface ChangeReport {
  /** Changed files that are not among the built ones, so that no kernel includes them. */
  unknown: string[];
  /** Changed kernels that have checks. */
  kernels: string[];
  /** Number of checks that ran: every case of these kernels, in every variant. */
  checks: number;
  /** The compiler's error with file and line if a shader does not compile; nothing else is tried in that case. */
  doesNotCompile?: string;
  /** Checks whose results differ from the twin's. */
  wrong: { kernel: string; variant: string; shape: string; error: string }[];
  /** If all checks pass: the effect of the change on the time of the network's kernels, those with the most arithmetic first. */
  times: TimeChange[];
}

/** Number of concurrent checks, and maximum number of timed launches. */
const atOnce = 8;
const mostTimed = 8;

/**
 * Checks the changed kernels against their float64 twins, and times them with the previous and the current text.
 *
 * @throws ConfigurationError as `chooseLaunches` does. DeviceLostError if a shader causes the device to be lost.
 */
export async function changedShader(gpu: Gpu, change: ShaderChange): Promise<ChangeReport> {
  const { built, before, now, changed, choice, network, rounds } = change;
  const launches = await launchesFor(gpu, network, choice);
  const kernels = new EditedKernels(built);
  const isChanged = ({ kernel, shape }: Pick<KernelCase, 'kernel' | 'shape'>, variant: Variant) =>
    changed.some((path) => kernels.includes(kernel, shape, variant, path));
  const checks = kernelCases(gpu.traits)
    .filter(({ kernel }) => choice.kernel === undefined || kernel.name === choice.kernel)
    .flatMap((check) => variantsOf(check.kernel, check.shape, gpu.traits).map((variant) => ({ check, variant })))
    .filter(({ check, variant }) => isChanged(check, variant));
  const report: ChangeReport = {
    unknown: changed.filter((path) => !(path in built)),
    kernels: [...new Set(checks.map(({ check }) => check.kernel.name))],
    checks: checks.length,
    wrong: [],
    times: [],
  };
  for (let at = 0; at < checks.length; at += atOnce) {
    const some = checks.slice(at, at + atOnce);
    const results = await Promise.allSettled(
      some.map(({ check, variant }) =>
        unlessAborted(
          compareWithTwin(gpu, { ...check, kernel: kernels.edited(check.kernel, now) }, variant),
          gpu.failure,
        ),
      ),
    );
    gpu.failure.throwIfAborted();
    for (const [i, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      const { check, variant } = some[i]!;
      if (result.reason instanceof ShaderError) {
        return { ...report, doesNotCompile: await compilerMessage(gpu, kernels, now, check, variant, result.reason) };
      }
      report.wrong.push({
        kernel: check.kernel.name,
        variant: variantText(variant),
        shape: JSON.stringify(check.shape),
        error: result.reason instanceof Error ? result.reason.message : String(result.reason),
      });
    }
  }
  if (report.wrong.length > 0) return report;
  const timed = launches
    .filter((launch) => (launch.isOfNetwork || choice.kernel !== undefined) && isChanged(launch, launch.used))
    .sort((a, b) => b.kernel.cost(b.shape).flops - a.kernel.cost(a.shape).flops)
    .slice(0, mostTimed);
  for (const { kernel, shape, form, layers, used, variants } of timed) {
    const variant = choice.variant === undefined ? used : variants[0]!;
    const texts = [before, now].map((edits) => ({
      ...{ kernel: kernels.edited(kernel, edits), shape, variant },
      ...(form && { form }),
    }));
    const [old, current] = (await timeLaunches(gpu, texts, rounds)).timings;
    report.times.push({
      ...{ kernel: kernel.name, layers, shape, variant },
      ...{ before: old!.microseconds, beforeSpread: old!.spreadMicroseconds },
      ...{ now: current!.microseconds, nowSpread: current!.spreadMicroseconds },
    });
  }
  return report;
}

/** The compiler's message for the text with marked lines: the error is the same, but names the file and the line in it. */
async function compilerMessage(
  gpu: Gpu,
  kernels: EditedKernels,
  edits: ShaderTexts,
  { kernel, shape }: KernelCase,
  variant: Variant,
  unmarked: ShaderError,
): Promise<string> {
  try {
    await new KernelCache(gpu.device, gpu.traits).compile(kernels.marked(kernel, edits), shape, variant);
  } catch (error) {
    if (error instanceof ShaderError) return withPlaces(error.message);
  }
  return unmarked.message;
}
