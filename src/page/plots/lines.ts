import type { Column } from './curve.ts';
import type { Curves } from './curves.ts';
import { type LineStyle, styleOf } from './line_style.ts';

/** The style of a plot's line by its index. */
export type LineStyles = (index: number) => LineStyle;

/** An entry of a plot's legend, and the columns drawn for it. */
export interface Line {
  name: string;
  style: LineStyle;
  /** The unsmoothed values, drawn behind the line. */
  faint?: Column;
  column: Column;
  /** `marks` for a figure that only some steps have. */
  kind: 'line' | 'noise' | 'marks';
}

/** The training loss, unsmoothed and smoothed, and the validation loss after each epoch. */
export function lossLines({ loss, validationLoss }: Curves, style: LineStyles = styleOf): Line[] {
  return [
    { name: 'each step', style: style(0), column: loss.each, kind: 'noise' },
    { name: 'smoothed', style: style(0), column: loss.mean, kind: 'line' },
    { name: 'validation', style: style(1), column: validationLoss, kind: 'marks' },
  ];
}

/** The same for the accuracy. */
export function accuracyLines({ accuracy, validationAccuracy }: Curves, style: LineStyles = styleOf): Line[] {
  return [
    { name: 'each step', style: style(0), column: accuracy.each, kind: 'noise' },
    { name: 'smoothed', style: style(0), column: accuracy.mean, kind: 'line' },
    { name: 'validation', style: style(1), column: validationAccuracy, kind: 'marks' },
  ];
}

/** The learning rate of each step, which has no noise to smooth. */
export const rateLines = ({ learningRate }: Curves, style: LineStyles = styleOf): Line[] => [
  { name: 'learning rate', style: style(0), column: learningRate.each, kind: 'line' },
];

/** A line for each layer with weights, in the model's order. */
export function normLines(curves: Curves, layers: readonly string[], style: LineStyles = styleOf): Line[] {
  return layers.map((name, index) => {
    const { each, mean } = curves.normOf(name);
    return { name, style: style(index), faint: each, column: mean, kind: 'line' };
  });
}

export type MeasuredOfLayer = 'norm' | 'updateRatio' | 'transport' | 'dead';

/** One figure of one layer, unsmoothed and smoothed. */
export function layerLines(curves: Curves, layer: string, of: MeasuredOfLayer, style: LineStyles = styleOf): Line[] {
  const { each, mean } = curves.layerOf(layer)[of];
  return [
    { name: 'each step', style: style(0), column: each, kind: 'noise' },
    { name: 'smoothed', style: style(0), column: mean, kind: 'line' },
  ];
}
