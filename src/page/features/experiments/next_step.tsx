import type { ComponentChildren } from 'preact';
import { encode } from '../../app/experiment_url.ts';
import { experiment } from '../../app/state.ts';
import { focusTrain } from '../run/focus_train.ts';
import { startExperiment } from '../run/start_experiment.ts';
import { isStarting, run, waitingChanges } from '../run/state.ts';
import { experiments } from './experiments.ts';

export interface NextStepProps {
  /** Opens the panel with a field to draw in; undefined until it has been loaded. */
  openTry: (() => void) | undefined;
  /** Shown after a run of any other experiment. */
  children: ComponentChildren;
}

/**
 * While an experiment of the gallery trains, what to look at; then a suggestion, so that the experiments follow each other as a story.
 * Other runs have a tip, which keeps the place of what appears after the run.
 */
export function NextStep({ openTry, children }: NextStepProps) {
  const now = encode(experiment.value);
  const { next, watch } = experiments.find(({ parameters }) => parameters === now) ?? {};
  const shown = run.value;
  if (isStarting.value || shown?.isUnderWay.value)
    return <p id="watch">{watch ?? 'Drag over the map or a plot to see an earlier step.'}</p>;
  if (!shown?.log.epochs.length) return null;
  if (!next || waitingChanges.value.length) return <>{children}</>;
  const then = experiments.find(({ id }) => id === next.then);
  const go = then ? () => startFrom(then.parameters) : openTry;
  if (!go) return null;
  return (
    <button id="next-step" type="button" class="primary" onClick={go}>
      {next.text}
    </button>
  );
}

/** The button that was pressed disappears, so the focus moves to the one that now pauses. */
function startFrom(parameters: string): void {
  focusTrain();
  startExperiment(parameters);
}
