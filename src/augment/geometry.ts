import { isProjective, layMaps } from './kernels/augment_draw_text.ts';
import type { Matrix } from './parameters.ts';
import type { Pass } from './passes.ts';
import { legsOf } from './plan_passes.ts';

/**
 * The matrix of all geometric transforms of a slot and its inverse, from the words that the sampling kernel wrote. Undefined if
 * nothing moves, or if mixed images were moved differently.
 */
export function geometryOf(
  passes: readonly Pass[],
  words: Float32Array | undefined,
  slot: number,
): { matrix?: Matrix; inverse?: Matrix } {
  if (!words || passes.some(({ beside }) => beside !== undefined)) return {};
  const { at, stride } = layMaps(passes);
  let matrix: Matrix = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  passes.forEach((pass, i) => {
    legsOf(pass).forEach((leg, j) => {
      const [a, b, c, d, e, f, g, h, last] = words.subarray((slot * stride + at[i]![j]!) * 4);
      const of = leg.window
        ? [
            [c!, 0, a!],
            [0, d!, b!],
            [0, 0, 1],
          ]
        : [
            [a!, b!, c!],
            [d!, e!, f!],
            [g!, h!, isProjective(pass) ? last! : 1],
          ];
      matrix = multiply(matrix, of);
    });
  });
  const scale = matrix[2]![2]!;
  if (scale !== 1) matrix = matrix.map((row) => row.map((value) => value / scale));
  return { matrix, inverse: invert(matrix) };
}

function multiply(p: Matrix, q: Matrix): Matrix {
  return p.map((row) => [0, 1, 2].map((j) => row.reduce((sum, value, k) => sum + value * q[k]![j]!, 0)));
}

/** Inverts by cofactors. The result is infinite if a zoom of 0 makes the matrix singular. */
function invert(m: Matrix): Matrix {
  const cofactor = (i: number, j: number) => {
    const [r, s] = [(i + 1) % 3, (i + 2) % 3];
    const [t, u] = [(j + 1) % 3, (j + 2) % 3];
    return m[r]![t]! * m[s]![u]! - m[r]![u]! * m[s]![t]!;
  };
  const determinant = [0, 1, 2].reduce((sum, j) => sum + m[0]![j]! * cofactor(0, j), 0);
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => cofactor(j, i) / determinant + 0)); // Adding 0 turns -0 into 0, because JSON has no -0.
}
