import { spawnSync } from 'node:child_process';
import type { Browser } from 'puppeteer-core';
import { withinTime } from '../time_limit.ts';

/** Time limit in milliseconds for a normal exit, and again for the exit after a kill. */
const closeTimeout = 5000;

/** Closes Chrome; if it does not close in time, it is killed with every process that it started. */
export async function closeChrome(browser: Browser): Promise<void> {
  const pid = browser.process()?.pid;
  const closed = browser.close().catch(() => undefined);
  const closedInTime = await endsInTime(closed);
  if (pid !== undefined) killProcesses(pid, closedInTime);
  if (!closedInTime) await endsInTime(closed);
}

function endsInTime(work: Promise<unknown>): Promise<boolean> {
  const done = work.then(() => true);
  return withinTime(done, closeTimeout, () => new Error('late')).catch(() => false);
}

/**
 * Chrome leads its own process group, which contains all of its processes. They are killed even if Chrome itself has ended, because
 * a hung child process can outlive a Chrome that crashed.
 */
function killProcesses(pid: number, hasEnded: boolean): void {
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
