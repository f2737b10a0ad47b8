import type { ConcatenateShape } from '../kernels/concatenate.ts';

type Numbers = ArrayLike<number>;

/** y[r, offset + k] = x[r, k]; elements of y from other inputs do not change. */
export function concatenateForward(s: ConcatenateShape, { x, y }: { x: Numbers; y: Numbers }): { y: Float64Array } {
  const result = Float64Array.from(y);
  for (let r = 0; r < s.runs; r++) {
    for (let k = 0; k < s.run; k++) result[r * s.total + s.offset + k] = x[r * s.run + k]!;
  }
  return { y: result };
}

/** dx[r, k] = dy[r, offset + k] */
export function concatenateBackward(s: ConcatenateShape, { dy }: { dy: Numbers }): { dx: Float64Array } {
  const dx = new Float64Array(s.runs * s.run);
  for (let r = 0; r < s.runs; r++) {
    for (let k = 0; k < s.run; k++) dx[r * s.run + k] = dy[r * s.total + s.offset + k]!;
  }
  return { dx };
}
