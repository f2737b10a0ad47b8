import type { Sides } from '../model/border.ts';
import { product } from '../product.ts';

/** Permutes the axes of a tensor: axis i of the result is axis order[i] of the source. */
export function permuted(
  data: Float32Array,
  shape: readonly number[],
  order: readonly number[],
): { shape: number[]; data: Float32Array } {
  const moved = order.map((axis) => shape[axis]!);
  const strides = shape.map((_, axis) => product(shape.slice(axis + 1)));
  const steps = order.map((axis) => strides[axis]!);
  // Copies words instead of floats, to preserve the bits of NaNs.
  const from = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const to = new Uint32Array(data.length);
  const at = moved.map(() => 0);
  let source = 0;
  for (let i = 0; i < to.length; i++) {
    to[i] = from[source]!;
    for (let axis = moved.length - 1; axis >= 0; axis--) {
      source += steps[axis]!;
      at[axis]!++;
      if (at[axis]! < moved[axis]!) break;
      source -= steps[axis]! * moved[axis]!;
      at[axis] = 0;
    }
  }
  return { shape: moved, data: new Float32Array(to.buffer) };
}

interface WindowLayer {
  inputShape: readonly number[];
  outputShape: readonly number[];
  details: { window: [number, number]; strides: [number, number]; pad: [number, number]; dilation?: [number, number] };
}

/** Padding of a sliding window on each side. The odd row or column of `same` is added at the bottom or on the right. */
export function sidesOfWindow({ inputShape, outputShape, details }: WindowLayer): Sides {
  const { window, strides, pad, dilation = [1, 1] } = details;
  const after = (axis: 0 | 1) => {
    const reach = (window[axis] - 1) * dilation[axis] + 1;
    return Math.max(0, (outputShape[axis]! - 1) * strides[axis] + reach - inputShape[axis]! - pad[axis]);
  };
  return { top: pad[0], left: pad[1], bottom: after(0), right: after(1) };
}

interface TransposeLayer {
  inputShape: readonly number[];
  outputShape: readonly number[];
  details: { window: [number, number]; strides: [number, number]; pad: [number, number]; dilation: [number, number] };
}

/**
 * Number of rows and columns that a transposed convolution crops from its full output of (n - 1) * stride + reach, and the number
 * it adds at the end if its strides exceed the reach of its window.
 */
export function transposeWindow({ inputShape, outputShape, details }: TransposeLayer): {
  cut: Sides;
  added: [number, number];
} {
  const { window, strides, pad, dilation } = details;
  const extra = (axis: 0 | 1) => {
    const reach = (window[axis] - 1) * dilation[axis] + 1;
    return outputShape[axis]! + pad[axis] - ((inputShape[axis]! - 1) * strides[axis] + reach);
  };
  const [rows, columns] = [extra(0), extra(1)];
  return {
    cut: { top: pad[0], left: pad[1], bottom: Math.max(0, -rows), right: Math.max(0, -columns) },
    added: [Math.max(0, rows), Math.max(0, columns)],
  };
}
