import type { CompiledModel } from './graph.ts';
import { product, type WeightSpec } from './layer.ts';

/**
 * The initial weights of a model, in Keras' order, as the layers' initialisers say; kernels Glorot uniform and biases zero
 * unless told. Element i of tensor t is a function of (seed, t, i) and the initialiser alone.
 */
export function initialWeights(model: CompiledModel, seed: number): Float32Array[] {
  const specs = model.layers.flatMap((layer) => layer.weights);
  return specs.map((spec, index) => {
    const { value, scale } = spec.initializer;
    const draw = drawsOf(spec, uniforms(seed, 0x77000000 + index));
    return Float32Array.from({ length: elementsOf(spec) }, () => scale * (draw ? draw() : value));
  });
}

export const elementsOf = (spec: WeightSpec): number => product(spec.shape);

/** Keras' VarianceScaling (keras/src/initializers/random_initializers.py), or undefined where nothing is drawn. */
function drawsOf({ initializer, fanIn, fanOut }: WeightSpec, next: () => number): (() => number) | undefined {
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
    case 'lecunNormal': // LeCun et al. 1998
      return truncatedNormal(1 / fanIn, next);
    default:
      return undefined;
  }
}

function uniform(variance: number, next: () => number): () => number {
  const limit = Math.sqrt(3 * variance);
  return () => (2 * next() - 1) * limit;
}

/** Standard deviation of a standard normal variate that is drawn anew beyond +-2. */
const truncatedDeviation = 0.8796256610342398;

/** Normal, drawn anew beyond two standard deviations; these are widened, so that what is left has the variance asked for. */
function truncatedNormal(variance: number, next: () => number): () => number {
  const deviation = Math.sqrt(variance) / truncatedDeviation;
  return () => {
    for (;;) {
      // Box and Muller 1958, of 1 - u in (0, 1]: a logarithm of zero never.
      const z = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      if (Math.abs(z) <= 2) return z * deviation;
    }
  };
}

/**
 * Numbers in [0, 1) with 24 bits from two 32-bit keys: SplitMix32 (the 32-bit finaliser of MurmurHash3 over a Weyl
 * sequence, Steele et al. 2014), the stream started from both keys.
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

/** A permutation of 0..count-1 from (seed, epoch): Fisher and Yates' shuffle. */
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
