import { product } from '../product.ts';
import type { CompiledModel } from './graph.ts';
import { drawWeights, elementsOf } from './initializers.ts';
import type { WeightSpec } from './layer.ts';

/** The initial weights of any model: `drawWeights` with all of Keras' initializers. */
export const initialWeights = (model: CompiledModel, seed: number): Float32Array[] =>
  drawWeights(model, seed, furtherValues);

/** The values of a tensor for the initializers that few models use (keras/src/initializers/random_initializers.py). */
export function furtherValues(spec: WeightSpec, next: () => number): Float32Array {
  const { initializer, shape } = spec;
  if (initializer.type === 'orthogonal') {
    const factor = initializer.scale * initializer.gain;
    return Float32Array.from(orthogonal(shape, standardNormal(next)), (value) => factor * value);
  }
  const draw = drawsOf(spec, next);
  return Float32Array.from({ length: elementsOf(spec) }, () => initializer.scale * draw());
}

function drawsOf({ initializer, fanIn, fanOut }: WeightSpec, next: () => number): () => number {
  switch (initializer.type) {
    case 'glorotNormal':
      return truncatedNormal(2 / (fanIn + fanOut), next);
    case 'heNormal':
      return truncatedNormal(2 / fanIn, next);
    case 'lecunNormal':
      return truncatedNormal(1 / fanIn, next);
    case 'randomUniform': {
      const { minval, maxval } = initializer;
      return () => minval + (maxval - minval) * next();
    }
    case 'randomNormal': {
      const { mean, stddev } = initializer;
      const draw = standardNormal(next);
      return () => mean + stddev * draw();
    }
    case 'truncatedNormal': {
      const { mean, stddev } = initializer;
      const draw = withinTwo(next);
      return () => mean + stddev * draw();
    }
    case 'constant':
      return () => initializer.value;
  }
  throw new Error(`no values for ${initializer.type}`);
}

/** Standard deviation of a standard normal variate that is redrawn beyond +-2. */
const truncatedDeviation = 0.8796256610342398;

/** Box and Muller 1958, applied to 1 - u in (0, 1], which avoids the logarithm of zero. */
const standardNormal = (next: () => number) => () =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** Standard normal, redrawn beyond two standard deviations. */
function withinTwo(next: () => number): () => number {
  const draw = standardNormal(next);
  return () => {
    for (;;) {
      const z = draw();
      if (Math.abs(z) <= 2) return z;
    }
  };
}

/** Normal with a larger deviation, redrawn beyond two of them, so that the result has the requested variance. */
function truncatedNormal(variance: number, next: () => number): () => number {
  const deviation = Math.sqrt(variance) / truncatedDeviation;
  const draw = withinTwo(next);
  return () => draw() * deviation;
}

/**
 * Keras' Orthogonal (Saxe et al. 2014): the tensor, flattened to [all axes but the last, the last], has orthonormal rows or
 * columns, whichever are fewer. It is Q of the QR decomposition, with R's diagonal positive, of a standard normal matrix
 * [longer, shorter] sampled row by row; Q is computed by the Gram-Schmidt process.
 */
function orthogonal(shape: readonly number[], draw: () => number): Float64Array {
  const columns = shape.at(-1)!;
  const rows = product(shape) / columns;
  const [length, count] = [Math.max(rows, columns), Math.min(rows, columns)];
  const vectors = Array.from({ length: count }, () => new Float64Array(length));
  for (let i = 0; i < length; i++) for (const vector of vectors) vector[i] = draw();
  orthonormalize(vectors);
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return rows < columns ? vectors[row]![column]! : vectors[column]![row]!;
  });
}

/** Two passes of the Gram-Schmidt process per vector: the second removes the rounding error of the first. */
function orthonormalize(vectors: readonly Float64Array[]): void {
  const dot = (a: Float64Array, b: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
    return sum;
  };
  for (const [index, vector] of vectors.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors.slice(0, index)) {
        const along = dot(vector, other);
        for (let i = 0; i < vector.length; i++) vector[i]! -= along * other[i]!;
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    for (let i = 0; i < vector.length; i++) vector[i]! /= norm;
  }
}
