import { effect, signal } from '@preact/signals';
import { count } from '../../../figures.ts';
import { type LayerState, stateSentence } from '../../../health/verdict_words.ts';
import { capitalized } from '../../ui/capitalized.ts';
import type { Run } from './run.ts';
import { run } from './state.ts';

/**
 * The step that everything refers to: the map with its figures and verdicts, the plots' legends, and what is said of a layer.
 * Nobody else keeps one.
 */

/** The step that somebody points at, on the map or in any plot. */
export const pointedStep = signal<number | undefined>();

/** The step that somebody has dragged to, and that stays until the run is shown live again. */
export const pinnedStep = signal<number | undefined>();

/** Another run is shown live. */
export function installShownStep(): void {
  effect(() => {
    void run.value;
    pinnedStep.value = undefined;
  });
}

/** Keeps to a step that somebody drags to: everything shows it until `pinnedStep` is undefined again. */
export function dragTo(step: number): void {
  pinnedStep.value = step;
}

/** The step that is shown of a run: the one that is pointed at, or dragged to, else the last; undefined before the first. */
export function shownStep({ stepsDone }: Run, pointed = pointedStep.value ?? pinnedStep.value): number | undefined {
  return stepsDone ? Math.min(pointed ?? stepsDone, stepsDone) : undefined;
}

/** How a layer that has a verdict does in a step, as a sentence; empty where nothing is known of it there. */
export function verdictSentence(run: Run, layer: string, step: number): string {
  const found = run.verdictOf(layer, step);
  if (!found) return '';
  const { verdict, sentence } = found;
  // What was found in one step, and is the reason for all that follow.
  if (verdict === 'non-finite') return `${capitalized(sentence)}.`;
  const now = stateSentence(verdict, layer, layerStates(run, step));
  return now && `At step ${count(step)}, ${now}.`;
}

function layerStates({ layers, curves }: Run, step: number): LayerState[] {
  const row = curves.rowOf(step);
  return layers.flatMap(({ name, measured, outputShape }): LayerState[] => {
    if (!measured) return [];
    const { norm, updateRatio, transport, reach, dead, zeros, saturated } = curves.layerOf(name);
    const units = outputShape.at(-1)!;
    const deadShare = dead.each[row] ?? undefined;
    return [
      {
        name,
        ...measured,
        units,
        reach: reach.valueAt(row),
        transport: transport.valueAt(row),
        updateRatio: updateRatio.valueAt(row),
        gradientNorm: norm.valueAt(row),
        dead: deadShare === undefined ? undefined : Math.round(deadShare * units),
        zeros: zeros.each[row] ?? undefined,
        saturated: saturated.each[row] ?? undefined,
      },
    ];
  });
}
