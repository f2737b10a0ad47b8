import type { AdapterFacts, GpuOptions } from '../gpu/device.ts';

/** Options of `selfTest`. */
export interface SelfTestOptions {
  /** The options of `openGpu`, for the device that is tested; none by default. */
  gpu?: GpuOptions;
  /** Only the checks whose name contains this text, `'conv2d'` for example; all by default. */
  only?: string;
  /** Ends the test after the checks that are under way. */
  signal?: AbortSignal;
  /** Called after each check; `done` of `total` are done. */
  onCheck?: (check: SelfTestCheck, done: number, total: number) => void;
}

/** One check of `selfTest`. */
export interface SelfTestCheck {
  /** The kernel, named as its file in `shaders/`, or what of the small network is checked. */
  name: string;
  /** The variant of the kernel that ran, in words; `''` where a kernel has one. */
  variant: string;
  /** Whether everything that it computed is within its bound. */
  passed: boolean;
  /**
   * The largest difference from the same formula in float64 as a share of what float32 and WebGPU's rules for rounding allow it: 0 for
   * equal, 1 at most. Left out of a check that failed.
   */
  share?: number;
  /** What went wrong, in a check that failed: the element and both numbers, or the error of WebGPU. */
  error?: string;
  /** The shape of a kernel that failed, as JSON. */
  shape?: string;
}

/** What `selfTest` found: plain JSON, to be attached to a bug report. */
export interface SelfTestReport {
  /** Whether all checks ran and passed. */
  passed: boolean;
  /** Checks that were planned; fewer have run where the test was ended or the device was lost. */
  planned: number;
  /** The checks that have run, in their order. */
  checks: SelfTestCheck[];
  /** The adapter. */
  adapter: AdapterFacts;
  /** The optional features of WebGPU that the device has. */
  features: string[];
  /** The limits of the device by their WebGPU names. */
  limits: Record<string, number>;
  /** The browser, as it names itself; `''` outside of one. */
  userAgent: string;
  /** Seconds that the test took, compilation of the shaders included. */
  seconds: number;
}

/**
 * Checks a GPU and its driver: runs every kernel in the variants that this adapter takes, and a few steps of a small network, and compares
 * the numbers with the same formulas in float64 on the CPU. It opens a device of its own, takes seconds on a GPU and about a minute on
 * the CPU, and needs no data. The first thing to run where a GPU gives strange numbers.
 *
 * @example
 * const report = await selfTest();
 * console.log(report.passed, report.checks.filter(({ passed }) => !passed));
 *
 * @returns the report; a check that fails does not throw.
 * @throws ConfigurationError where no check's name contains `only`. SetupError where there is no WebGPU or no adapter, as `openGpu` does.
 */
export async function selfTest(options: SelfTestOptions = {}): Promise<SelfTestReport> {
  const { runSelfTest } = await import('./run_self_test.ts');
  return runSelfTest(options);
}
