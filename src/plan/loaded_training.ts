import { setFurtherSchedules } from '../kernels/schedule.ts';

type Further = typeof import('./further_training.ts');

let further: Further | undefined;

/**
 * Loads the update kernels, losses and schedules that most first runs don't need, so that a page starts sooner. Await it before planning
 * something that needs them.
 */
export async function loadFurtherTraining(): Promise<void> {
  further ??= await import('./further_training.ts');
  setFurtherSchedules(further.furtherSchedules);
}

/** The update kernels and losses that have been loaded. */
export function furtherTraining(): Further {
  if (!further) throw new Error('loadFurtherTraining was not awaited before a step was planned');
  return further;
}
