import { layMaps } from '../kernels/augment_text.ts';
import type { Matrix } from './parameters.ts';
import type { Pass } from './passes.ts';

/** The matrix of all maps of a slot, and its inverse, from the words that the draw kernel wrote; none where nothing moves. */
export function geometryOf(
  passes: readonly Pass[],
  words: Float32Array | undefined,
  slot: number,
): { matrix?: Matrix; inverse?: Matrix } {
  if (!words) return {};
  const { at, stride } = layMaps(passes);
  let matrix: Matrix = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  passes.forEach((pass, i) => {
    if (pass.maps.length === 0) return;
    const [a, b, c, d, e, f, g, h] = words.subarray((slot * stride + at[i]!) * 4);
    matrix = multiply(matrix, [
      [a!, b!, c!],
      [d!, e!, f!],
      [g!, h!, 1],
    ]);
  });
  return { matrix, inverse: invert(matrix) };
}

function multiply(p: Matrix, q: Matrix): Matrix {
  return p.map((row) => [0, 1, 2].map((j) => row.reduce((sum, value, k) => sum + value * q[k]![j]!, 0)));
}

/** By cofactors; infinite where a zoom of nothing has no way back. */
function invert(m: Matrix): Matrix {
  const cofactor = (i: number, j: number) => {
    const [r, s] = [(i + 1) % 3, (i + 2) % 3];
    const [t, u] = [(j + 1) % 3, (j + 2) % 3];
    return m[r]![t]! * m[s]![u]! - m[r]![u]! * m[s]![t]!;
  };
  const determinant = [0, 1, 2].reduce((sum, j) => sum + m[0]![j]! * cofactor(0, j), 0);
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => cofactor(j, i) / determinant + 0)); // + 0: JSON has no -0
}
