import exponentHistogramSource from '../../shaders/exponent_histogram.wgsl?raw';
import gradientProductsSource from '../../shaders/gradient_products.wgsl?raw';
import gradientProductsReduceSource from '../../shaders/gradient_products_reduce.wgsl?raw';
import sampleNormsSource from '../../shaders/sample_norms.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { stateSource, stateWords } from './state.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** An arena of tensors, split into the same chunks as for gradient_norm. */
export interface ChunkedShape {
  /** vec4s in the arena. */
  elements: number;
  chunks: number;
  tensors: number;
}

/** Words of a histogram: 64 bins by binary exponent starting at 2^-48, then the zeros, then the non-finite values. */
export const histogramField = { bins: 64, zeros: 64, nonFinite: 65, words: 66 } as const;

/** Adds to `histograms`, which must be cleared first. */
export const exponentHistogram: Kernel<ChunkedShape> = {
  name: 'exponent_histogram',
  source: exponentHistogramSource,
  flags: () => ({ words: `${histogramField.words}u` }),
  buffers: (s) => ({
    dw: s.elements * 4,
    chunks: s.chunks * 4,
    ends: s.tensors,
    histograms: s.tensors * histogramField.words,
  }),
  workgroups: (s) => [s.chunks],
  cost: (s) => ({ flops: 0, bytes: 16 * s.elements + 4 * s.tensors * histogramField.words }),
};

/** Four words per tensor: dw . other, |dw|^2, |other|^2, unused. */
export const productWords = 4;

export const gradientProducts: Kernel<ChunkedShape> = {
  name: 'gradient_products',
  source: gradientProductsSource,
  buffers: (s) => ({
    dw: s.elements * 4,
    other: s.elements * 4,
    chunks: s.chunks * 4,
    partials: s.chunks * productWords,
  }),
  workgroups: (s) => [s.chunks],
  cost: (s) => ({ flops: 24 * s.elements, bytes: 32 * s.elements }),
};

export const gradientProductsReduce: Kernel<ChunkedShape> = {
  name: 'gradient_products_reduce',
  source: gradientProductsReduceSource,
  constants: (s) => ({ tensor_count: s.tensors }),
  buffers: (s) => ({ partials: s.chunks * productWords, tensors: s.tensors * 2, products: s.tensors * productWords }),
  workgroups: (s) => [ceilDiv(s.tensors, 64)],
  cost: (s) => ({ flops: 3 * s.chunks, bytes: 16 * (s.chunks + s.tensors) }),
};

/** x [batch, inputs], dy [batch, outputs], norms [batch]. */
export interface SampleNormsShape {
  batch: number;
  inputs: number;
  outputs: number;
  useBias: boolean;
}

export const sampleNorms: Kernel<SampleNormsShape> = {
  name: 'sample_norms',
  source: sampleNormsSource + stateSource,
  constants: (s) => ({ batch: s.batch, inputs: s.inputs, outputs: s.outputs, bias: Number(s.useBias) }),
  buffers: (s) => ({ x: s.batch * s.inputs, dy: s.batch * s.outputs, state: stateWords, norms: s.batch }),
  // One workgroup per sample, folded into rows if there are too many for one dimension.
  workgroups: (s) => spread(64 * s.batch),
  cost: (s) => ({ flops: 2 * s.batch * (s.inputs + s.outputs), bytes: 4 * s.batch * (s.inputs + s.outputs + 1) }),
};
