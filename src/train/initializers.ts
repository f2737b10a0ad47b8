import type { CompiledModel, WeightSpec } from './model.ts';

/**
 * The initial weights of a model, in Keras' order: kernels Glorot uniform (Glorot and Bengio 2010: limit
 * sqrt(6 / (fanIn + fanOut))), biases zero. Element i of tensor t is a function of (seed, t, i) alone.
 */
export function initialWeights(model: CompiledModel, seed: number): Float32Array[] {
  const specs = model.layers.flatMap((layer) => layer.weights);
  return specs.map((spec, index) =>
    spec.name === 'bias' ? new Float32Array(elementsOf(spec)) : glorotUniform(spec, seed, index),
  );
}

export function elementsOf(spec: WeightSpec): number {
  return spec.shape.reduce((a, b) => a * b, 1);
}

function glorotUniform(spec: WeightSpec, seed: number, tensor: number): Float32Array {
  const limit = Math.sqrt(6 / (spec.fanIn + spec.fanOut));
  const next = uniforms(seed, 0x77000000 + tensor);
  return Float32Array.from({ length: elementsOf(spec) }, () => (2 * next() - 1) * limit);
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
