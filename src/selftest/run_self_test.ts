import { ConfigurationError, suggest } from '../errors.ts';
import { type Gpu, openGpu } from '../gpu/device.ts';
import { unlessAborted } from '../gpu/unless_aborted.ts';
import { variantText } from '../gpu/variants.ts';
import { loadFurtherTraining } from '../plan/loaded_training.ts';
import { type KernelCase, kernelCases } from './kernel_cases.ts';
import { compareWithTwin } from './kernels/check_kernel.ts';
import type { SelfTestCheck, SelfTestOptions, SelfTestReport } from './self_test.ts';
import { networkChecks } from './small_network.ts';

/** A check to be run. */
export interface PlannedCheck {
  name: string;
  variant: string;
  /** @returns the largest difference as a fraction of its bound. @throws Error if a number exceeds its bound. */
  run: () => Promise<number>;
  shape?: object;
}

/** Number of concurrent checks: some shaders compile while others run. */
const atOnce = 8;

/** Implements `selfTest`, whose docstring has the details. */
export async function runSelfTest({ gpu: how, only = '', signal, onCheck }: SelfTestOptions): Promise<SelfTestReport> {
  const begun = performance.now();
  await loadFurtherTraining();
  const gpu = await openGpu(how);
  try {
    const all = [...kernelCases(gpu.traits).flatMap((each) => kernelChecks(gpu, each)), ...networkChecks(gpu)];
    const planned = all.filter(({ name }) => name.includes(only));
    if (planned.length === 0) throw noSuchCheck(only, all);
    const checks: SelfTestCheck[] = [];
    for (let at = 0; at < planned.length && !signal?.aborted && !gpu.failure.aborted; at += atOnce) {
      const together = await Promise.all(planned.slice(at, at + atOnce).map((each) => runCheck(gpu, each)));
      for (const check of together) {
        checks.push(check);
        onCheck?.(check, checks.length, planned.length);
      }
    }
    return {
      passed: checks.length === planned.length && checks.every(({ passed }) => passed),
      planned: planned.length,
      checks,
      ...factsOf(gpu),
      seconds: (performance.now() - begun) / 1000,
    };
  } finally {
    gpu.dispose();
  }
}

function noSuchCheck(only: string, all: readonly PlannedCheck[]): ConfigurationError {
  const names = [...new Set(all.map(({ name }) => name))];
  return new ConfigurationError({
    what: 'No check of the self-test has such a name',
    found: only,
    expected: `a part of one of ${names.join(', ')}`,
    fix: suggest(only, names),
  });
}

/** The checks of a kernel in all variants for this adapter. */
function kernelChecks(gpu: Gpu, check: KernelCase): PlannedCheck[] {
  const { kernel, shape } = check;
  return (kernel.variants?.(shape, gpu.traits) ?? [{}]).map((variant) => ({
    name: kernel.name,
    variant: variantText(variant),
    run: () => compareWithTwin(gpu, check, variant),
    shape,
  }));
}

async function runCheck(gpu: Gpu, { name, variant, run, shape }: PlannedCheck): Promise<SelfTestCheck> {
  try {
    return { name, variant, passed: true, share: await unlessAborted(run(), gpu.failure) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { name, variant, passed: false, error: text, ...(shape && { shape: JSON.stringify(shape) }) };
  }
}

function factsOf({ device, adapter }: Gpu): Pick<SelfTestReport, 'adapter' | 'features' | 'limits' | 'userAgent'> {
  const limits: Record<string, number> = {};
  // The limits are properties of the prototype, so Object.entries would miss them.
  for (const name in device.limits) {
    const value = device.limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[name] = value;
  }
  return {
    adapter,
    features: [...device.features].sort(),
    limits,
    userAgent: globalThis.navigator?.userAgent ?? '',
  };
}
