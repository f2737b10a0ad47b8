import type { SelfTestCheck } from './self_test.ts';

/** The combined checks of a kernel. */
export interface CheckedKernel {
  name: string;
  checks: number;
  failed: number;
  /** The largest difference among the passed checks, as a fraction of its bound. */
  share: number | undefined;
}

/** Groups checks by kernel, in the order in which they ran. */
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
