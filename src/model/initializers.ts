import { product } from '../product.ts';
import type { CompiledModel } from './graph.ts';
import type { WeightSpec } from './layer.ts';

/** The values of a tensor for an initializer that is not among `basicDraws`. */
type FurtherValues = (spec: WeightSpec, next: () => number) => Float32Array;

/**
 * The initial weights of a model in Keras' order, from the layers' initializers: Glorot uniform for kernels and zeros for
 * biases by default. Element i of tensor t is a function of (seed, t, i), the initializer and, for `orthogonal`, the shape.
 *
 * @param furtherValues for models of which `hasFurtherInitializers` is true.
 */
export function drawWeights(model: CompiledModel, seed: number, furtherValues?: FurtherValues): Float32Array[] {
  return specsOf(model).map((spec, index) => {
    const next = uniforms(seed, 0x77000000 + index);
    const draw = basicDraws(spec, next);
    if (!draw) return furtherValues!(spec, next);
    const { scale } = spec.initializer;
    return Float32Array.from({ length: elementsOf(spec) }, () => scale * draw());
  });
}

/** Whether a model has an initializer whose code is loaded on demand. */
export const hasFurtherInitializers = (model: CompiledModel): boolean =>
  specsOf(model).some((spec) => !basicDraws(spec, Math.random));

const specsOf = ({ layers }: CompiledModel) => layers.flatMap(({ weights }) => weights);

export const elementsOf = (spec: WeightSpec): number => product(spec.shape);

/** The initializers of most models (keras/src/initializers/random_initializers.py), one number at a time; undefined for others. */
function basicDraws({ initializer, fanIn, fanOut }: WeightSpec, next: () => number): (() => number) | undefined {
  switch (initializer.type) {
    case 'glorotUniform': // Glorot and Bengio 2010
      return uniform(2 / (fanIn + fanOut), next);
    case 'heUniform': // He et al. 2015
      return uniform(2 / fanIn, next);
    case 'lecunUniform': // LeCun et al. 1998
      return uniform(1 / fanIn, next);
    case 'ones':
      return () => 1;
    case 'zeros':
      return () => 0;
  }
  return undefined;
}

function uniform(variance: number, next: () => number): () => number {
  const limit = Math.sqrt(3 * variance);
  return () => (2 * next() - 1) * limit;
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
