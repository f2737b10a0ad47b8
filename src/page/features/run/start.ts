import type { Change } from '../../app/experiment.ts';
import { experiment } from '../../app/state.ts';
import { train } from './model.ts';
import { isStarting } from './state.ts';

/** The action of the button that trains: an experiment may have one network or two. */

type TrainTwins = (twin: Change, pairs: number) => Promise<void>;
let trainTwins: TrainTwins | undefined;

/** Called by main.tsx, which imports the code that trains twins. */
export function installTwins(how: TrainTwins): void {
  trainTwins = how;
}

/** Trains the current experiment: one network, or two. */
export async function begin(): Promise<void> {
  const { twin } = experiment.peek();
  isStarting.value = true;
  try {
    if (twin && trainTwins) await trainTwins(twin, 1);
    else await train();
  } finally {
    isStarting.value = false;
  }
}
