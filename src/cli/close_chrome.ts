import { spawnSync } from 'node:child_process';
import type { Browser } from 'puppeteer-core';
import { withinTime } from '../time_limit.ts';

/** Time limit in milliseconds for a normal exit, and again for the exit after a kill. */
const closeTimeout = 5000;

/** Closes Chrome; if it does not close in time, it is killed with every process that it started. */
export async function closeChrome(browser: Browser): Promise<void> {
  const pid = browser.process()?.pid;
  const closed = browser.close().catch(() => undefined);
  const closedInTime = await endsInTime(closed, closeTimeout);
  if (pid !== undefined) killProcesses(pid, closedInTime);
  if (!closedInTime) await endsInTime(closed, closeTimeout);
}

/** Whether work ends within a time limit in milliseconds. */
export function endsInTime(work: Promise<unknown>, timeout: number): Promise<boolean> {
  const done = work.then(() => true);
  return withinTime(done, timeout, () => new Error('late')).catch(() => false);
}

/**
 * Kills a process that leads its own process group, as Chrome does, with all processes of the group: even if it has ended itself,
 * because a hung child process can outlive a Chrome that crashed.
 */
export function killProcesses(pid: number, hasEnded: boolean): void {
  if (process.platform === 'win32') {
    if (!hasEnded) spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has no processes left.
  }
}
