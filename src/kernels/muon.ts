import clip from '../../shaders/lib/clip.wgsl?raw';
import matricesSource from '../../shaders/lib/matrices.wgsl?raw';
import muonMomentumSource from '../../shaders/muon_momentum.wgsl?raw';
import newtonSchulzGramSource from '../../shaders/newton_schulz_gram.wgsl?raw';
import newtonSchulzPolynomialSource from '../../shaders/newton_schulz_polynomial.wgsl?raw';
import newtonSchulzProductSource from '../../shaders/newton_schulz_product.wgsl?raw';
import muonSource from '../../shaders/optimizers/muon.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import type { Clip } from '../model/optimizer.ts';
import { stateSource, stateWords } from './state.ts';
import { clipsNorm, type UpdateShape, updateKernel } from './update.ts';
import { spread } from './workgroups.ts';

/** The published coefficients of the quintic iteration (Jordan and others 2024). */
export const newtonSchulz = { a: 3.4445, b: -4.775, c: 2.0315 };

/** Matrices side by side, as one dispatch goes over all of them: src/plan/muon.ts. */
export interface MatricesShape {
  /** vec4s of an arena. */
  elements: number;
  count: number;
  /** vec4s of x, of all parts of the Gram matrices, and of the polynomials. */
  x: number;
  parts: number;
  p: number;
  /** Workgroups of this kernel. */
  tasks: number;
  /** Floating-point operations of this kernel. */
  flops: number;
}

const invocations = 64;

const tables = (s: MatricesShape) => ({ matrices: 12 * s.count, tasks: 2 * s.tasks });
const workgroups = (s: MatricesShape): [number, number] => spread(s.tasks * invocations, invocations);

export interface MuonMomentumShape extends MatricesShape {
  momentum: number;
  nesterov: boolean;
  clip?: Clip | undefined;
  tensors: number;
}

export const muonMomentum: Kernel<MuonMomentumShape> = {
  name: 'muon_momentum',
  source: muonMomentumSource + matricesSource + stateSource + clip,
  flags: (s) => ({
    nesterov: s.nesterov,
    clips_norm: clipsNorm(s.clip),
    clips_value: s.clip?.by === 'value',
  }),
  constants: (s) => ({
    momentum: s.momentum,
    task_count: s.tasks,
    ...(s.clip?.by === 'value' && { clip_value: s.clip.most }),
  }),
  buffers: (s) => ({
    dw: 4 * s.elements,
    ...tables(s),
    state: stateWords,
    m: 4 * s.elements,
    x: 4 * s.x,
    ...(clipsNorm(s.clip) && { factors: s.tensors }),
  }),
  workgroups,
  cost: (s) => ({ flops: s.flops, bytes: 64 * s.x }),
};

export const newtonSchulzGram: Kernel<MatricesShape> = {
  name: 'newton_schulz_gram',
  source: newtonSchulzGramSource + matricesSource,
  constants: (s) => ({ task_count: s.tasks }),
  buffers: (s) => ({ x: 4 * s.x, ...tables(s), parts: 4 * s.parts }),
  workgroups,
  cost: (s) => ({ flops: s.flops, bytes: 16 * (s.x + s.parts) }),
};

export interface PolynomialShape extends MatricesShape {
  /** x is divided by its norm. */
  first: boolean;
}

export const newtonSchulzPolynomial: Kernel<PolynomialShape> = {
  name: 'newton_schulz_polynomial',
  source: newtonSchulzPolynomialSource + matricesSource,
  flags: (s) => ({ first: s.first }),
  constants: (s) => ({ task_count: s.tasks, ...newtonSchulz }),
  buffers: (s) => ({ parts: 4 * s.parts, ...tables(s), p: 4 * s.p }),
  workgroups,
  cost: (s) => ({ flops: s.flops, bytes: 16 * (s.parts + s.p) }),
};

export interface ProductShape extends MatricesShape {
  /** Leaves the product in the layout of the arenas. */
  last: boolean;
}

export const newtonSchulzProduct: Kernel<ProductShape> = {
  name: 'newton_schulz_product',
  source: newtonSchulzProductSource + matricesSource,
  flags: (s) => ({ last: s.last }),
  constants: (s) => ({ task_count: s.tasks }),
  buffers: (s) => ({ x: 4 * s.x, p: 4 * s.p, ...tables(s), y: 4 * (s.last ? s.elements : s.x) }),
  workgroups,
  cost: (s) => ({ flops: s.flops, bytes: 16 * (2 * s.x + s.p) }),
};

export interface MuonShape extends UpdateShape {
  others: 'adam' | 'sgd';
  momentum: number;
  nesterov: boolean;
  adamLrRatio: number;
  adamBeta1: number;
  adamBeta2: number;
  epsilon: number;
  /** Some tensor is a matrix. */
  matrices: boolean;
}

export const muon = updateKernel<MuonShape>({
  name: 'muon',
  source: muonSource,
  slots: (s) => (s.others === 'adam' ? ['m', 'v'] : ['m']),
  reads: (s) => (s.matrices ? ['o'] : []),
  flags: (s) => ({ adam: s.others === 'adam', matrices: s.matrices, nesterov: s.nesterov }),
  constants: (s): Record<string, number> =>
    s.others === 'sgd'
      ? { momentum: s.momentum }
      : {
          ratio: s.adamLrRatio,
          one_minus_beta1: 1 - s.adamBeta1,
          one_minus_beta2: 1 - s.adamBeta2,
          epsilon: s.epsilon,
        },
  flops: (s) => (s.others === 'adam' ? 11 : 4),
});
