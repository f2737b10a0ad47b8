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
export function lossLines({ loss, validationLoss }: Curves): Line[] {
  return [
    { name: 'each step', look: lookOf(0), column: loss.each, kind: 'noise' },
    { name: 'smoothed', look: lookOf(0), column: loss.mean, kind: 'line' },
    { name: 'validation', look: lookOf(1), column: validationLoss, kind: 'marks' },
  ];
}

/** The same of the share of hits. */
export function accuracyLines({ accuracy, validationAccuracy }: Curves): Line[] {
  return [
    { name: 'each step', look: lookOf(0), column: accuracy.each, kind: 'noise' },
    { name: 'smoothed', look: lookOf(0), column: accuracy.mean, kind: 'line' },
    { name: 'validation', look: lookOf(1), column: validationAccuracy, kind: 'marks' },
  ];
}

/** A line for each layer that has weights, in the order of the model. */
export function normLines(curves: Curves, layers: readonly string[]): Line[] {
  return layers.map((name, index) => {
    const { each, mean } = curves.normOf(name);
    return { name, look: lookOf(index), faint: each, column: mean, kind: 'line' };
  });
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
