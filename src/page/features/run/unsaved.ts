import { embed } from '../../app/embed.ts';
import { run } from './state.ts';

/** Whether the run that is shown has steps that are saved nowhere. */
export function isUnsaved(): boolean {
  if (embed) return false; // nothing is kept, and nobody asked
  const shown = run.peek();
  return shown !== undefined && shown.stepsDone > 0 && shown.keptSteps.peek() < shown.stepsDone;
}

/** Waits until the run that is shown is kept; where it can't be, asks whether another may take its place. */
export async function mayReplace(): Promise<boolean> {
  if (!isUnsaved()) return true;
  await run.peek()?.keeping;
  const what = run.peek()?.twinB ? 'The figures of these twins are' : 'This run is';
  return !isUnsaved() || confirm(`${what} not saved, and will be lost. Continue?`);
}

/** Asks before the page is left with what would be lost. */
export function guardUnsaved(): void {
  addEventListener('beforeunload', (event) => {
    if (isUnsaved()) event.preventDefault();
  });
}
