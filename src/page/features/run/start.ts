import type { Change } from '../../app/experiment.ts';
import { experiment } from '../../app/state.ts';
import { train } from './model.ts';

/** What the button that trains does: an experiment may be of two networks. */

type TrainTwins = (twin: Change, pairs: number) => Promise<void>;
let trainTwins: TrainTwins | undefined;

/** For main.tsx, which knows the twins. */
export function installTwins(how: TrainTwins): void {
  trainTwins = how;
}

/** Trains the experiment as it stands: one network, or two. */
export async function begin(): Promise<void> {
  const { twin } = experiment.peek();
  if (twin && trainTwins) await trainTwins(twin, 1);
  else await train();
}
