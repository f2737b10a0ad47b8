import type { SelfTestCheck } from './self_test.ts';

/** The checks of a kernel, all together. */
export interface CheckedKernel {
  name: string;
  checks: number;
  failed: number;
  /** The largest difference of those that passed, as a share of its bound. */
  share: number | undefined;
}

/** The kernels in the order in which they were checked. */
export function checkedKernels(checks: readonly SelfTestCheck[]): CheckedKernel[] {
  return [...new Set(checks.map(({ name }) => name))].map((name) => {
    const all = checks.filter((check) => check.name === name);
    const shares = all.flatMap(({ share }) => share ?? []);
    return {
      name,
      checks: all.length,
      failed: all.filter(({ passed }) => !passed).length,
      share: shares.length > 0 ? Math.max(...shares) : undefined,
    };
  });
}
