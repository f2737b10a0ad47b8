import { version } from '../../../../package.json';
import { type SelfTestCheck, type SelfTestReport, selfTest } from '../../../index.ts';

/** Stops the running check. */
let stopping: AbortController | undefined;

/** The report of a check, to be attached to a bug report. */
export type GpuReport = SelfTestReport & { wgrad: string };

/**
 * Checks the GPU on a separate device.
 *
 * @param only checks only the kernels whose name contains it; all if it is empty.
 */
export async function checkGpu(
  only: string,
  onCheck: (check: SelfTestCheck, done: number, total: number) => void,
): Promise<GpuReport> {
  const mine = new AbortController();
  stopping = mine;
  return { wgrad: version, ...(await selfTest({ only, signal: mine.signal, onCheck })) };
}

/** Stops after the checks in progress. */
export const stopCheck = (): void => stopping?.abort();
