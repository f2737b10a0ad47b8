import type { Page } from 'puppeteer';
import { expect } from 'vitest';

/** A task of a page's main thread, in milliseconds. */
export interface Task {
  /** From its begin to its end, as the long-task observer has it: with what the machine did meanwhile for others. */
  wall: number;
  /** That the thread was at work for it. */
  cpu: number;
}

const [task, mark] = ['ThreadControllerImpl::RunTask', 'main thread'];

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  /** Left out where it is nearly nothing. */
  tdur?: number;
}

/**
 * What the main thread had to do while `work` went on: scripts, style, layout, painting, the collector. Two cores that also
 * run a GPU in software make every task look long to a clock, so each is told by the thread's own clock too.
 */
export async function tasksDuring(page: Page, work: () => Promise<void>): Promise<Task[]> {
  await page.tracing.start({ categories: ['-*', 'toplevel', 'blink.user_timing'] });
  // Which of the processes is the page's.
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

/** Longer than that, and a person notices that the page doesn't answer: where the long-task observer begins. */
export const long = 50;

/** One line for a person. */
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

/** The thread's own clock doesn't go faster where much else runs; one that the collector or a page fault makes long is let by. */
export function expectNoLong(tasks: readonly Task[]): void {
  expect(tasks.length).toBeGreaterThan(10);
  expect(tasks.filter(({ cpu }) => !(cpu <= long)).length).toBeLessThanOrEqual(1);
}
