import { setFurtherSchedules } from '../kernels/schedule.ts';

type Further = typeof import('./further_training.ts');

let further: Further | undefined;

/**
 * Fetches the update kernels, losses and schedules beyond those of most first runs, so that a page is usable sooner. To be awaited before
 * something that needs them is planned.
 */
export async function loadFurtherTraining(): Promise<void> {
  further ??= await import('./further_training.ts');
  setFurtherSchedules(further.furtherSchedules);
}

/** The update kernels and losses that were fetched. */
export function furtherTraining(): Further {
  if (!further) throw new Error('loadFurtherTraining was not awaited before a step was planned');
  return further;
}
