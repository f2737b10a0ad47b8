import { version } from '../../../../package.json';
import { type SelfTestCheck, type SelfTestReport, selfTest } from '../../../index.ts';

/** Ends the check that is under way. */
let stopping: AbortController | undefined;

/** The report of a check, as it is attached to a bug report. */
export type GpuReport = SelfTestReport & { wgrad: string };

/**
 * Checks the GPU, on a device of its own.
 *
 * @param only checks the kernels whose name contains it; all where it is empty.
 */
export async function checkGpu(
  only: string,
  onCheck: (check: SelfTestCheck, done: number, total: number) => void,
): Promise<GpuReport> {
  const mine = new AbortController();
  stopping = mine;
  return { wgrad: version, ...(await selfTest({ only, signal: mine.signal, onCheck })) };
}

/** Ends it after the checks that are under way. */
export const stopCheck = (): void => stopping?.abort();
