import clip from '../../shaders/lib/clip.wgsl?raw';
import matricesSource from '../../shaders/lib/matrices.wgsl?raw';
import matrixPlaces from '../../shaders/lib/matrix_places.wgsl?raw';
import symmetricProduct from '../../shaders/lib/symmetric_product.wgsl?raw';
import muonMomentumSource from '../../shaders/muon_momentum.wgsl?raw';
import newtonSchulzApplySource from '../../shaders/newton_schulz_apply.wgsl?raw';
import newtonSchulzGramSource from '../../shaders/newton_schulz_gram.wgsl?raw';
import newtonSchulzPolynomialSource from '../../shaders/newton_schulz_polynomial.wgsl?raw';
import newtonSchulzProductSource from '../../shaders/newton_schulz_product.wgsl?raw';
import newtonSchulzScaleSource from '../../shaders/newton_schulz_scale.wgsl?raw';
import muonSource from '../../shaders/optimizers/muon.wgsl?raw';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import type { Clip } from '../model/optimizer.ts';
import { stateSource, stateWords } from './state.ts';
import { neighbours } from './tile.ts';
import { clipsNorm, type UpdateShape, updateKernel } from './update.ts';
import { spread } from './workgroups.ts';

/** The published coefficients of the quintic iteration (Jordan and others 2024). */
export const newtonSchulz = { a: 3.4445, b: -4.775, c: 2.0315 };

/** Quads of rows per invocation of newton_schulz_apply. */
export const rowQuads = 2;

/** vec4s per invocation of newton_schulz_scale. */
export const scaledQuads = 8;

/** All matrices that one dispatch covers; see src/plan/muon.ts. */
export interface MatricesShape {
  /** vec4s in an arena. */
  elements: number;
  count: number;
  /** Sizes in vec4s of x, of all parts of the Gram matrices, and of one square matrix each. */
  x: number;
  parts: number;
  squares: number;
  /** Tiles of four invocations per workgroup of the products. */
  tiles: number;
  /** Number of workgroups of this kernel. */
  tasks: number;
  /** Floating-point operations of this kernel. */
  flops: number;
}

const tables = (s: MatricesShape) => ({ matrices: 12 * s.count, tasks: 4 * s.tasks });
const workgroups = (s: MatricesShape): [number, number] => spread(s.tasks, 1);

export interface MuonMomentumShape extends MatricesShape {
  momentum: number;
  nesterov: boolean;
  clip?: Clip | undefined;
  tensors: number;
}

export const muonMomentum: Kernel<MuonMomentumShape> = {
  name: 'muon_momentum',
  source: muonMomentumSource + matricesSource + matrixPlaces + stateSource + clip,
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

const productFlags = (s: MatricesShape, { subgroups }: Variant) => ({ subgroups: subgroups!, tiles: s.tiles });

/** Flags of the symmetric products. */
const symmetricFlags = (s: MatricesShape, variant: Variant, right: string) => ({
  ...productFlags(s, variant),
  left: 'x',
  right,
});

export const newtonSchulzGram: Kernel<MatricesShape> = {
  name: 'newton_schulz_gram',
  source: newtonSchulzGramSource + matricesSource + symmetricProduct,
  variants: neighbours,
  flags: (s, v) => symmetricFlags(s, v, 'x'),
  constants: (s) => ({ task_count: s.tasks }),
  buffers: (s) => ({ x: 4 * s.x, ...tables(s), parts: 4 * s.parts }),
  workgroups,
  cost: (s) => ({ flops: s.flops, bytes: 16 * (s.x + s.parts) }),
};

export interface ScaleShape extends MatricesShape {
  /** True before the first iteration, which divides x by its norm. */
  normalizes: boolean;
}

export const newtonSchulzScale: Kernel<ScaleShape> = {
  name: 'newton_schulz_scale',
  source: newtonSchulzScaleSource + matricesSource,
  flags: (s) => ({ normalizes: s.normalizes, owns: scaledQuads }),
  constants: (s) => ({ task_count: s.tasks }),
  buffers: (s) => ({
    parts: 4 * s.parts,
    ...tables(s),
    y: 8 * s.squares,
    ...(s.normalizes && { s: s.count }),
  }),
  workgroups,
  cost: (s) => ({ flops: s.flops, bytes: 16 * (s.parts + s.squares) }),
};

export const newtonSchulzPolynomial: Kernel<MatricesShape> = {
  name: 'newton_schulz_polynomial',
  source: newtonSchulzPolynomialSource + matricesSource + symmetricProduct,
  variants: neighbours,
  flags: (s, v) => symmetricFlags(s, v, 'x'),
  constants: (s) => ({ task_count: s.tasks, ...newtonSchulz }),
  buffers: (s) => ({ x: 8 * s.squares, ...tables(s), p: 4 * s.squares }),
  workgroups,
  cost: (s) => ({ flops: s.flops, bytes: 32 * s.squares }),
};

export interface SquareProductShape extends MatricesShape {
  /** Which matrix of each pair is multiplied: the first, the second, or both. */
  of: 'first' | 'second' | 'both';
  /** If only the first of each pair is multiplied, whether the second is copied (`keeps`) or starts as p (`begins`). */
  second?: 'keeps' | 'begins';
}

export const newtonSchulzProduct: Kernel<SquareProductShape> = {
  name: 'newton_schulz_product',
  source: newtonSchulzProductSource + matricesSource + symmetricProduct,
  variants: neighbours,
  flags: (s, v) => ({
    ...symmetricFlags(s, v, 'p'),
    keeps_second: s.second === 'keeps',
    begins_second: s.second === 'begins',
  }),
  constants: (s) => ({ task_count: s.tasks, second: s.squares, only: Number(s.of === 'second') }),
  buffers: (s) => ({ x: 8 * s.squares, p: 4 * s.squares, ...tables(s), y: 8 * s.squares }),
  workgroups,
  cost: (s) => ({ flops: s.flops, bytes: (s.of === 'both' ? 80 : 48) * s.squares }),
};

export interface ApplyShape extends MatricesShape {
  /** True for the last iteration, whose product is written in the layout of the arenas. */
  last: boolean;
  /** True if x has not been divided by its norm yet. */
  scaled: boolean;
  /** Where q is stored: as the second of a pair, or alone. */
  q: 'second' | 'alone';
}

export const newtonSchulzApply: Kernel<ApplyShape> = {
  name: 'newton_schulz_apply',
  source: (s) => newtonSchulzApplySource + matricesSource + (s.last ? matrixPlaces : ''),
  variants: neighbours,
  flags: (s, v) => ({ ...productFlags(s, v), last: s.last, scaled: s.scaled, row_quads: rowQuads }),
  constants: (s) => ({ task_count: s.tasks, q_begins: s.q === 'second' ? s.squares : 0 }),
  buffers: (s) => ({
    x: 4 * s.x,
    q: (s.q === 'second' ? 8 : 4) * s.squares,
    ...tables(s),
    y: 4 * (s.last ? s.elements : s.x),
    ...(s.scaled && { s: s.count }),
  }),
  workgroups,
  cost: (s) => ({ flops: s.flops, bytes: 16 * (2 * s.x + s.squares) }),
};

export interface MuonShape extends UpdateShape {
  others: 'adam' | 'sgd';
  momentum: number;
  nesterov: boolean;
  adamLrRatio: number;
  adamBeta1: number;
  adamBeta2: number;
  epsilon: number;
  /** True if any tensor is a matrix. */
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
