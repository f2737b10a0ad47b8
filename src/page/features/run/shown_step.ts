import { effect, signal } from '@preact/signals';
import { count } from '../../../figures.ts';
import { type LayerState, stateSentence } from '../../../health/verdict_words.ts';
import { capitalized } from '../../ui/capitalized.ts';
import type { Run } from './run.ts';
import { run } from './state.ts';

/**
 * The step shown by all components: the map with its figures and verdicts, the legends of the plots, and the texts about layers.
 */

/** The step under the pointer, on the map or in a plot. */
export const pointedStep = signal<number | undefined>();

/** The step that the user has dragged to, which remains until the run is shown live again. */
export const pinnedStep = signal<number | undefined>();

/** A new run is shown live. */
export function installShownStep(): void {
  effect(() => {
    void run.value;
    pinnedStep.value = undefined;
  });
}

/** Pins a step that the user drags to: it is shown until `pinnedStep` is undefined again. */
export function dragTo(step: number): void {
  pinnedStep.value = step;
}

/** The step that is shown: the one under the pointer, or the pinned one, or else the last; undefined before the first. */
export function shownStep({ stepsDone }: Run, pointed = pointedStep.value ?? pinnedStep.value): number | undefined {
  return stepsDone ? Math.min(pointed ?? stepsDone, stepsDone) : undefined;
}

/** A sentence about the state of a layer with a verdict in a step; empty if nothing is known. */
export function verdictSentence(run: Run, layer: string, step: number): string {
  const found = run.verdictOf(layer, step);
  if (!found) return '';
  const { verdict, sentence } = found;
  // Non-finite numbers were found in one step and apply to all following ones.
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
