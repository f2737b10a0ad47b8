import type { MergeBackwardShape, MergeInput, MergeShape } from '../kernels/merge.ts';
import { activate } from './activation.ts';

type Numbers = ArrayLike<number>;

const elementsOf = ({ height, width, channels }: MergeInput) => height * width * channels;

/** Visits every element of y with the element of each input that it depends on. */
function visit(s: MergeShape, f: (y: number, x: number[]) => void): void {
  for (let n = 0; n < s.batch; n++) {
    for (let row = 0; row < s.height; row++) {
      for (let column = 0; column < s.width; column++) {
        for (let c = 0; c < s.channels; c++) {
          const indexIn = ({ height, width, channels }: MergeInput) =>
            ((n * height + (row % height)) * width + (column % width)) * channels + (c % channels);
          f(indexIn(s), s.inputs.map(indexIn));
        }
      }
    }
  }
}

function merged({ operation, averagedOver = 0 }: MergeShape, values: readonly number[]): number {
  switch (operation) {
    case 'add':
      return values.reduce((a, b) => a + b);
    case 'multiply':
      return values.reduce((a, b) => a * b);
    case 'average':
      return values.reduce((a, b) => a + b) / (averagedOver || values.length);
    case 'maximum':
      return Math.max(...values); // NaN if one of them is NaN.
  }
}

/** The derivative of the merged value with respect to the input with this index. */
function slope({ operation, averagedOver = 0, input }: MergeBackwardShape, values: readonly number[]): number {
  switch (operation) {
    case 'add':
      return 1;
    case 'multiply':
      return values.reduce((product, value, i) => (i === input ? product : product * value), 1);
    case 'average':
      return 1 / (averagedOver || values.length);
    case 'maximum':
      return values.indexOf(Math.max(...values)) === input ? 1 : 0;
  }
}

/** y = act(x0 + x1 + ...), or their product, mean or maximum; an axis of length 1 is broadcast */
export function mergeForward(s: MergeShape, { inputs }: { inputs: readonly Numbers[] }): { y: Float64Array } {
  const y = new Float64Array(s.batch * elementsOf(s));
  visit(s, (at, x) => {
    const values = x.map((index, i) => inputs[i]![index]!);
    y[at] = activate(s.activation, merged(s, values));
  });
  return { y };
}

/**
 * dx = sum, over the axes along which the input was broadcast, of dy * the derivative of the merged value with respect to the
 * input.
 */
export function mergeBackward(
  s: MergeBackwardShape,
  { dy, inputs }: { dy: Numbers; inputs: readonly Numbers[] },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * elementsOf(s.inputs[s.input]!));
  visit(s, (at, x) => {
    if (dy[at] === 0) return;
    const values = x.map((index, i) => inputs[i]![index]!);
    dx[x[s.input]!]! += dy[at]! * slope(s, values);
  });
  return { dx };
}
