import { embed } from '../../app/embed.ts';
import { run } from './state.ts';

/** Twins are not saved automatically. If they trained for less time than this, training them again costs less than a question. */
const repeatableSeconds = 60;

/** Whether the shown run has unsaved steps that would be missed. */
export function isUnsaved(): boolean {
  if (embed) return false; // an embedded page saves nothing, as the user expects
  const shown = run.peek();
  if (!shown || shown.keptSteps.peek() >= shown.stepsDone) return false;
  return !shown.twinB || shown.seconds * (shown.pair?.number ?? 1) > repeatableSeconds;
}

/** Waits until the shown run is saved; if it can't be, asks whether another may replace it. */
export async function mayReplace(): Promise<boolean> {
  if (!isUnsaved()) return true;
  await run.peek()?.keeping;
  const what = run.peek()?.twinB ? 'The figures of these twins are' : 'This run is';
  return !isUnsaved() || confirm(`${what} not saved, and will be lost. Continue?`);
}

/** Asks the user before leaving the page would lose unsaved steps. */
export function guardUnsaved(): void {
  addEventListener('beforeunload', (event) => {
    if (isUnsaved()) event.preventDefault();
  });
}
