import { createPace, type Pace } from '../../../index.ts';

export interface UnderWay {
  pace: Pace;
  signal: AbortSignal;
}

/** What holds and ends the run that is under way, or was last, of one network or of twins. */
let current: { pace: Pace; stopping: AbortController } | undefined;

/** Of a run that begins now. @param paused waits for `step` or `resume` before the first step. */
export function begin(paused: boolean): UnderWay {
  const pace = createPace({ paused });
  const stopping = new AbortController();
  current = { pace, stopping };
  return { pace, signal: stopping.signal };
}

/** Ends it after the step that it is in. */
export const stop = (): void => current?.stopping.abort();
export const pause = (): void => current?.pace.pause();
export const resume = (): void => current?.pace.resume();
/** Lets so many steps through and holds again. */
export const step = (count: number): void => current?.pace.step(count);
