import { encode } from '../../app/experiment.ts';
import { experiment } from '../../app/state.ts';
import { run } from '../run/state.ts';
import { experiments } from './experiments.ts';

/** A suggestion after an experiment of the gallery has been trained. */
export function NextStep() {
  const { next } = experiments.find(({ parameters }) => parameters === encode(experiment.value)) ?? {};
  const shown = run.value;
  if (!next || !shown || shown.isUnderWay.value || shown.twinB || !shown.log.epochs.length) return null;
  return (
    <button id="next-step" type="button" class="primary" onClick={() => show(next.at)}>
      {next.text} ↓
    </button>
  );
}

function show(id: string): void {
  const panel = document.getElementById(id);
  panel?.scrollIntoView({ block: 'start' });
  // Moving the focus lets keyboard users continue there.
  panel?.setAttribute('tabindex', '-1');
  panel?.focus({ preventScroll: true });
}
