import { createPace, type Pace } from '../../../index.ts';

export interface UnderWay {
  pace: Pace;
  signal: AbortSignal;
}

/** Controls the current run, or the last one, whether it has one network or twins. */
let current: { pace: Pace; stopping: AbortController } | undefined;

/** Starts controlling a new run. @param paused waits for `step` or `resume` before the first step. */
export function begin(paused: boolean): UnderWay {
  const pace = createPace({ paused });
  const stopping = new AbortController();
  current = { pace, stopping };
  return { pace, signal: stopping.signal };
}

/** Ends the run after the current step. */
export const stop = (): void => current?.stopping.abort();
export const pause = (): void => current?.pace.pause();
export const resume = (): void => current?.pace.resume();
/** Allows `count` steps and then pauses. */
export const step = (count: number): void => current?.pace.step(count);
