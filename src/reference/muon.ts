import { type After, type Before, elementwise, type RateAndDecay } from './tensor_update.ts';

export interface MuonOptions extends RateAndDecay {
  momentum: number;
  nesterov: boolean;
  nsSteps: number;
  others: 'adam' | 'sgd';
  adamLrRatio: number;
  adamBeta1: number;
  adamBeta2: number;
  epsilon: number;
}

const [a, b, c] = [3.4445, -4.775, 2.0315];

/** x^T y of matrices with `rows` rows, stored row by row. */
function transposedProduct(x: Float64Array, y: Float64Array, rows: number): Float64Array {
  const [n, k] = [x.length / rows, y.length / rows];
  const z = new Float64Array(n * k);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < n; i++) for (let j = 0; j < k; j++) z[i * k + j]! += x[row * n + i]! * y[row * k + j]!;
  }
  return z;
}

const transpose = (x: Float64Array, rows: number): Float64Array => {
  const columns = x.length / rows;
  return Float64Array.from(x, (_, i) => x[(i % rows) * columns + Math.floor(i / rows)]!);
};

/**
 * x = a x + b x x^T x + c x x^T x x^T x, iterated from x / (|x| + 1e-7), which moves all singular values close to 1.
 *
 * @param rows of the matrix, which is stored row by row; one with fewer rows than columns gives the transposed result of its
 *   transpose.
 */
export function orthogonalize(matrix: ArrayLike<number>, rows: number, steps: number): Float64Array {
  const columns = matrix.length / rows;
  if (rows < columns) {
    return transpose(orthogonalize(transpose(Float64Array.from(matrix), rows), columns, steps), columns);
  }
  const norm = Math.sqrt(Array.from(matrix).reduce((sum, value) => sum + value * value, 0));
  let x = Float64Array.from(matrix, (value) => value / (norm + 1e-7));
  for (let step = 0; step < steps; step++) {
    const gram = transposedProduct(x, x, rows);
    const squared = transposedProduct(gram, gram, columns);
    const polynomial = gram.map((value, i) => b * value + c * squared[i]!);
    const moved = transposedProduct(transpose(x, rows), polynomial, columns);
    x = x.map((value, i) => a * value + moved[i]!);
  }
  return x;
}

/**
 * matrices: m = momentum m + dw;  w -= lr sqrt(max(1, columns / rows)) orthogonalize(m or, nesterov, dw + momentum m)
 * others: Adam's step at lr adamLrRatio, or w -= lr (m or dw + momentum m)
 */
export function muon(options: MuonOptions, before: Before): After {
  const { learningRate, momentum, nesterov, nsSteps, others } = options;
  const { dw, matrix, slots, t } = before;
  if (matrix) {
    const [rows, columns] = matrix;
    const m = Float64Array.from(dw, (g, i) => momentum * slots.m![i]! + g);
    const o = orthogonalize(nesterov ? m.map((value, i) => dw[i]! + momentum * value) : m, rows, nsSteps);
    const rate = learningRate * Math.sqrt(Math.max(1, columns / rows));
    const after = elementwise(options, before, (i) => rate * o[i]!);
    return { w: after.w, slots: { ...after.slots, m } };
  }
  if (others === 'sgd') {
    return elementwise(options, before, (i, { m }) => {
      m![i] = momentum * m![i]! + dw[i]!;
      return learningRate * (nesterov ? dw[i]! + momentum * m![i]! : m![i]!);
    });
  }
  const { adamLrRatio, adamBeta1: beta1, adamBeta2: beta2, epsilon } = options;
  const rate = (learningRate * adamLrRatio * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
  return elementwise(options, before, (i, { m, v }) => {
    m![i]! += (dw[i]! - m![i]!) * (1 - beta1);
    v![i]! += (dw[i]! ** 2 - v![i]!) * (1 - beta2);
    return (rate * m![i]!) / (Math.sqrt(v![i]!) + epsilon);
  });
}
