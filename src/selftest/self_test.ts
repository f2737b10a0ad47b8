import type { AdapterFacts, GpuOptions } from '../gpu/device.ts';

/** Options of `selfTest`. */
export interface SelfTestOptions {
  /** Options of `openGpu` for the tested device. Default: none. */
  gpu?: GpuOptions;
  /** Runs only the checks whose name contains this text, for example `'conv2d'`. Default: all. */
  only?: string;
  /** Ends the test once the running checks have finished. */
  signal?: AbortSignal;
  /** Called after each check; `done` of `total` checks are finished. */
  onCheck?: (check: SelfTestCheck, done: number, total: number) => void;
}

/** One check of `selfTest`. */
export interface SelfTestCheck {
  /** Name of the kernel (its file in `shaders/`), or of a check of the small network. */
  name: string;
  /** Description of the kernel's variant; `''` if the kernel has only one. */
  variant: string;
  /** Whether all results are within their bounds. */
  passed: boolean;
  /**
   * The largest difference from the float64 result as a fraction of what float32 and WebGPU's rounding rules allow: 0 if equal, at
   * most 1. Omitted if the check failed.
   */
  share?: number;
  /** Error of a failed check: the element and both numbers, or the WebGPU error. */
  error?: string;
  /** Shape of the failed kernel, as JSON. */
  shape?: string;
}

/** Result of `selfTest`, as plain JSON that can be attached to a bug report. */
export interface SelfTestReport {
  /** Whether all checks ran and passed. */
  passed: boolean;
  /** Number of planned checks; fewer have run if the test was aborted or the device was lost. */
  planned: number;
  /** The checks that ran, in order. */
  checks: SelfTestCheck[];
  /** Facts about the adapter. */
  adapter: AdapterFacts;
  /** Optional WebGPU features of the device. */
  features: string[];
  /** Limits of the device, by WebGPU name. */
  limits: Record<string, number>;
  /** The browser's user agent string; `''` outside of a browser. */
  userAgent: string;
  /** Duration of the test in seconds, including shader compilation. */
  seconds: number;
}

/**
 * Checks a GPU and its driver: runs every kernel in all variants for this adapter, and a few steps of a small network, and compares
 * the results with the same formulas in float64 on the CPU. It opens a separate device, takes seconds on a GPU and about a minute
 * on a software adapter, and needs no data. Run it first if a GPU gives suspicious results.
 *
 * @example
 * const report = await selfTest();
 * console.log(report.passed, report.checks.filter(({ passed }) => !passed));
 *
 * @returns the report; a failed check does not throw.
 * @throws ConfigurationError if no check's name contains `only`. SetupError if there is no WebGPU or no adapter, as in `openGpu`.
 */
export async function selfTest(options: SelfTestOptions = {}): Promise<SelfTestReport> {
  const { runSelfTest } = await import('./run_self_test.ts');
  return runSelfTest(options);
}
