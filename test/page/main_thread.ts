import type { Page } from 'puppeteer';
import { expect } from 'vitest';

/** A task of a page's main thread, in milliseconds. */
export interface Task {
  /** Wall time from begin to end, as in the long-task observer, including time when the machine ran other threads. */
  wall: number;
  /** CPU time of the thread. */
  cpu: number;
}

const [task, mark] = ['ThreadControllerImpl::RunTask', 'main thread'];

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  /** Omitted if nearly zero. */
  tdur?: number;
}

/**
 * The main thread's tasks during `work`: scripts, style, layout, painting, garbage collection. On two cores that also run a
 * software GPU, wall times are long, so each task's CPU time is recorded, too.
 */
export async function tasksDuring(page: Page, work: () => Promise<void>): Promise<Task[]> {
  await page.tracing.start({ categories: ['-*', 'toplevel', 'blink.user_timing'] });
  // Identifies the page's process.
  await page.evaluate((mark) => performance.mark(mark), mark);
  await work();
  const trace = await page.tracing.stop();
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace)) as { traceEvents: TraceEvent[] };
  const own = traceEvents.find(({ name, ph }) => name === mark && ph !== 'M')!;
  return traceEvents.flatMap(({ name, ph, pid, tid, dur, tdur }) =>
    name === task && ph === 'X' && pid === own.pid && tid === own.tid
      ? [{ wall: dur! / 1000, cpu: (tdur ?? dur!) / 1000 }]
      : [],
  );
}

/** Tasks longer than this make the page feel unresponsive; it is the threshold of the long-task observer. */
export const long = 50;

/** One readable line. */
export function sentenceOf(tasks: readonly Task[]): string {
  const over = (of: keyof Task) => tasks.filter((task) => task[of] > long).length;
  const longest = (of: keyof Task) => Math.max(0, ...tasks.map((task) => task[of])).toFixed(0);
  const sum = tasks.reduce((sum, { cpu }) => sum + cpu, 0) / 1000;
  return (
    `${tasks.length} tasks of the main thread took ${sum.toFixed(1)} s of its time; ${over('cpu')} of them took over ` +
    `${long} ms, the longest ${longest('cpu')} ms (by the clock, with what else ran on this machine: ${over('wall')}, ` +
    `the longest ${longest('wall')} ms)`
  );
}

/**
 * CPU time is independent of other load on the machine, except that the garbage collector or a page fault may make a single task
 * long, which is tolerated.
 */
export function expectNoLong(tasks: readonly Task[]): void {
  expect(tasks.length).toBeGreaterThan(10);
  expect(tasks.filter(({ cpu }) => !(cpu <= long)).length).toBeLessThanOrEqual(1);
}
