import type { Run } from '../run.ts';
import type { Column } from './curve.ts';
import type { Curves } from './curves.ts';
import { type Look, lookOf } from './look.ts';

/** One entry of a plot's legend, and what is drawn for it. */
export interface Line {
  name: string;
  look: Look;
  /** The noise behind the line. */
  faint?: Column;
  column: Column;
  /** `marks` for a figure that only some steps have. */
  kind: 'line' | 'noise' | 'marks';
}

/** Of training, as it comes and smoothed, and of the test images after each epoch. */
export function lossLines({ loss, validationLoss }: Curves, first = 0): Line[] {
  return [
    { name: 'each step', look: lookOf(first), column: loss.each, kind: 'noise' },
    { name: 'smoothed', look: lookOf(first), column: loss.mean, kind: 'line' },
    { name: 'validation', look: lookOf(first + 1), column: validationLoss, kind: 'marks' },
  ];
}

/** The same of the share of hits. */
export function accuracyLines({ accuracy, validationAccuracy }: Curves, first = 0): Line[] {
  return [
    { name: 'each step', look: lookOf(first), column: accuracy.each, kind: 'noise' },
    { name: 'smoothed', look: lookOf(first), column: accuracy.mean, kind: 'line' },
    { name: 'validation', look: lookOf(first + 1), column: validationAccuracy, kind: 'marks' },
  ];
}

/** A line for each layer that has weights, in the order of the model. */
export function normLines(curves: Curves, layers: readonly string[], first = 0): Line[] {
  return layers.map((name, index) => {
    const { each, mean } = curves.normOf(name);
    return { name, look: lookOf(first + index), faint: each, column: mean, kind: 'line' };
  });
}

/**
 * The lines of a run, and of the one that is trained beside it.
 *
 * @param of makes the lines of one run, with looks from `first` on.
 */
export function withTwin(run: Run, of: (run: Run, first: number) => Line[]): Line[] {
  const own = of(run, 0);
  if (!run.beside) return own;
  const looks = new Set(own.map(({ look }) => look.color + look.dash)).size;
  const named = (twin: string, lines: Line[]) => lines.map((line) => ({ ...line, name: `${twin} ${line.name}` }));
  return [...named('A', own), ...named('B', of(run.beside, looks))];
}

export type MeasuredOfLayer = 'norm' | 'updateRatio' | 'transport' | 'dead';

/** One figure of one layer, as it comes and smoothed. */
export function layerLines(curves: Curves, layer: string, of: MeasuredOfLayer): Line[] {
  const { each, mean } = curves.layerOf(layer)[of];
  return [
    { name: 'each step', look: lookOf(0), column: each, kind: 'noise' },
    { name: 'smoothed', look: lookOf(0), column: mean, kind: 'line' },
  ];
}
