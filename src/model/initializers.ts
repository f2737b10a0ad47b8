import { product } from '../product.ts';
import type { CompiledModel } from './graph.ts';
import type { WeightSpec } from './layer.ts';

/**
 * The initial weights of a model in Keras' order, from the layers' initializers: Glorot uniform for kernels and zeros for
 * biases by default. Element i of tensor t is a function of (seed, t, i), the initializer and, for `orthogonal`, the shape.
 */
export function initialWeights(model: CompiledModel, seed: number): Float32Array[] {
  const specs = model.layers.flatMap((layer) => layer.weights);
  return specs.map((spec, index) => {
    const { initializer } = spec;
    const next = uniforms(seed, 0x77000000 + index);
    if (initializer.type === 'orthogonal') {
      const factor = initializer.scale * initializer.gain;
      return Float32Array.from(orthogonal(spec.shape, standardNormal(next)), (value) => factor * value);
    }
    const draw = drawsOf(spec, next);
    return Float32Array.from({ length: elementsOf(spec) }, () => initializer.scale * draw());
  });
}

export const elementsOf = (spec: WeightSpec): number => product(spec.shape);

/** Keras' initializers of independent elements (keras/src/initializers/random_initializers.py). */
function drawsOf({ initializer, fanIn, fanOut }: WeightSpec, next: () => number): () => number {
  const fanAverage = (fanIn + fanOut) / 2;
  switch (initializer.type) {
    case 'glorotUniform': // Glorot and Bengio 2010
      return uniform(1 / fanAverage, next);
    case 'glorotNormal':
      return truncatedNormal(1 / fanAverage, next);
    case 'heUniform': // He et al. 2015
      return uniform(2 / fanIn, next);
    case 'heNormal':
      return truncatedNormal(2 / fanIn, next);
    case 'lecunUniform': // LeCun et al. 1998
      return uniform(1 / fanIn, next);
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
    case 'ones':
      return () => 1;
    case 'constant':
      return () => initializer.value;
    default:
      return () => 0;
  }
}

function uniform(variance: number, next: () => number): () => number {
  const limit = Math.sqrt(3 * variance);
  return () => (2 * next() - 1) * limit;
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

/**
 * Numbers in [0, 1) with 24 bits from two 32-bit keys: SplitMix32 (the 32-bit finalizer of MurmurHash3 over a Weyl sequence,
 * Steele et al. 2014), seeded with both keys.
 */
export function uniforms(seed: number, stream: number): () => number {
  let state = mix(mix(seed >>> 0) ^ (stream >>> 0));
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    return (mix(state) >>> 8) / 2 ** 24;
  };
}

function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

/** A permutation of 0..count-1, determined by (seed, epoch): the Fisher-Yates shuffle. */
export function shuffledOrder(count: number, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const next = uniforms(seed, 0x0d000000 + epoch);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    const other = order[j]!;
    order[j] = order[i]!;
    order[i] = other;
  }
  return order;
}
