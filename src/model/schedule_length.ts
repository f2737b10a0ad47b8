import { counted } from '../figures.ts';
import type { FilledLearningRate } from './schedule.ts';
import { scheduleDefinition } from './schedules/index.ts';

/**
 * A warning if a schedule and a run don't end together; undefined if they do, or if it doesn't matter.
 *
 * @param updates of the whole run, including those before it was resumed.
 */
export function scheduleLengthWarning(learningRate: FilledLearningRate, updates: number): string | undefined {
  if (typeof learningRate === 'number') return undefined;
  const { length, lasts, rate } = scheduleDefinition(learningRate.type);
  const steps = length?.(learningRate) ?? Infinity;
  if (steps === Infinity || steps === updates) return undefined;
  const { type } = learningRate;
  if (updates < steps) {
    const last = Number(rate(learningRate, Math.max(0, updates - 1)).toPrecision(3));
    return `the run ends after ${counted(updates, 'step')}, and the schedule ${type} is made for ${steps}: the last step has a learning rate of ${last}`;
  }
  if (lasts) return undefined;
  const stays = Number(rate(learningRate, updates - 1).toPrecision(3));
  return `the schedule ${type} ends after ${counted(steps, 'step')}, and the run has ${updates}: the learning rate stays ${stays} for the rest`;
}
