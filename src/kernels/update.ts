import gradientNormSource from '../../shaders/gradient_norm.wgsl?raw';
import gradientNormReduceSource from '../../shaders/gradient_norm_reduce.wgsl?raw';
import clip from '../../shaders/lib/clip.wgsl?raw';
import decay from '../../shaders/lib/decay.wgsl?raw';
import measureUpdate from '../../shaders/lib/measure_update.wgsl?raw';
import nadamMomentum from '../../shaders/lib/nadam_momentum.wgsl?raw';
import sum from '../../shaders/lib/sum.wgsl?raw';
import updateSource from '../../shaders/update.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import type { Clip } from '../model/optimizer.ts';
import type { Betas } from '../model/optimizer_definition.ts';
import { type RecordShape, recordConstants, recordSource } from './record.ts';
import { stateSource, stateWords } from './state.ts';

/**
 * The arenas of weights, gradients and slots, split into chunks. Each workgroup processes one chunk, which belongs to one
 * tensor.
 */
export interface ChunkedShape {
  /** vec4s in an arena. */
  elements: number;
  chunks: number;
  tensors: number;
}

/** Maximum number of vec4s of one tensor per workgroup. */
export const chunkVec4s = 1024;

/**
 * Invocations per workgroup that processes a chunk. A software adapter runs a workgroup as a loop over subgroups of four that
 * restarts at every barrier; a workgroup of one subgroup has none. There, the four also exchange their sums directly
 * (shaders/lib/sum.wgsl): SwiftShader compiles that in 5 ms less than a loop over workgroup memory.
 */
export const chunkInvocations = (_shape: unknown, { software, subgroupSize }: Traits): Variant[] => [
  { workgroup_size: software ? 4 : 256, subgroups: software && subgroupSize === 4 },
];

export interface GradientNormShape extends ChunkedShape {
  /** True if any tensor has a regularizer, whose gradient is added first. */
  regularized: boolean;
}

export const gradientNorm: Kernel<GradientNormShape> = {
  name: 'gradient_norm',
  source: gradientNormSource + sum,
  variants: chunkInvocations,
  flags: (s, v) => ({ ...v, regularized: s.regularized }),
  buffers: (s) => ({
    dw: s.elements * 4,
    chunks: s.chunks * 4,
    partials: s.chunks * 4,
    ...(s.regularized && { w: s.elements * 4, regularizers: 2 * s.tensors }),
  }),
  workgroups: (s) => [s.chunks],
  cost: (s) => ({ flops: (s.regularized ? 16 : 8) * s.elements, bytes: 16 * (s.regularized ? 3 : 1) * s.elements }),
};

export interface EndOfStepShape extends ChunkedShape, Betas {
  record: RecordShape;
  badStepsToHalt: number;
  clip?: Clip | undefined;
}

export const clipsNorm = (clip: Clip | undefined): boolean => clip !== undefined && clip.by !== 'value';

export const gradientNormReduce: Kernel<EndOfStepShape> = {
  name: 'gradient_norm_reduce',
  source: (s) => gradientNormReduceSource + stateSource + recordSource + (s.isScheduled ? nadamMomentum : ''),
  flags: ({ clip, isScheduled }) => ({
    clips: clipsNorm(clip),
    global: clip?.by === 'globalNorm',
    scheduled: isScheduled ?? false,
  }),
  constants: (s) => ({
    tensor_count: s.tensors,
    ...recordConstants(s.record),
    ...(s.isScheduled ? { beta1: s.beta1 } : { one_minus_beta1: 1 - s.beta1 }),
    one_minus_beta2: 1 - s.beta2,
    bad_steps_to_halt: s.badStepsToHalt,
    ...(clipsNorm(s.clip) && { most: s.clip!.most }),
  }),
  buffers: (s) => ({
    partials: s.chunks * 4,
    tensors: s.tensors * 2,
    records: s.record.words * s.record.slots,
    state: stateWords,
    ...(clipsNorm(s.clip) && { factors: s.tensors }),
  }),
  workgroups: () => [1],
  cost: (s) => ({ flops: 2 * s.chunks, bytes: 16 * s.chunks }),
};

export interface UpdateShape extends ChunkedShape {
  /** True to write the size of each chunk's update to `partials`. */
  measured: boolean;
  clip?: Clip | undefined;
  /** Decoupled weight decay: the fraction of a weight, times the learning rate, that each update subtracts. */
  weightDecay?: number | undefined;
}

/** The part of an update that differs between optimizers; shaders/update.wgsl is the common frame. */
export interface UpdateRule<S extends UpdateShape> {
  name: string;
  /** WGSL text of the formula: bindings of its slots, `step_size` and `update`. */
  source: string;
  /** Binding names of the slots, the numbers kept for each weight. */
  slots: (shape: S) => readonly string[];
  /** Binding names of other values that it reads for each weight. */
  reads?: (shape: S) => readonly string[];
  flags?: (shape: S) => Record<string, boolean>;
  constants: (shape: S) => Record<string, number>;
  /** Floating-point operations per weight. */
  flops: (shape: S) => number;
}

/** Everything but the slots may use six of the eight storage buffers that every device supports. */
const takesUniformState = <S extends UpdateShape>({ slots, reads }: UpdateRule<S>, shape: S): boolean =>
  slots(shape).length + (reads?.(shape).length ?? 0) > 2;

/** Sums of squares of the weights and of the updates added to them. */
const measuredFlops = ({ measured }: UpdateShape): number => (measured ? 5 : 0);

export const updateKernel = <S extends UpdateShape>(rule: UpdateRule<S>): Kernel<S> => ({
  name: rule.name,
  source: (s) => rule.source + updateSource + stateSource + clip + decay + (s.measured ? measureUpdate : '') + sum,
  variants: chunkInvocations,
  flags: (s, v) => ({
    ...v,
    uniform_state: takesUniformState(rule, s),
    measured: s.measured,
    clips_norm: clipsNorm(s.clip),
    clips_value: s.clip?.by === 'value',
    decays: Boolean(s.weightDecay),
    ...rule.flags?.(s),
  }),
  constants: (s) => ({
    ...rule.constants(s),
    ...(s.clip?.by === 'value' && { clip_value: s.clip.most }),
    ...(s.weightDecay && { weight_decay: s.weightDecay }),
  }),
  buffers: (s) => ({
    dw: s.elements * 4,
    chunks: s.chunks * 4,
    state: stateWords,
    w: s.elements * 4,
    ...(s.measured && { partials: s.chunks * 4 }),
    ...(clipsNorm(s.clip) && { factors: s.tensors }),
    ...Object.fromEntries([...rule.slots(s), ...(rule.reads?.(s) ?? [])].map((name) => [name, s.elements * 4])),
  }),
  workgroups: (s) => [s.chunks],
  // Gradients are read; weights and all slots are read and written.
  cost: (s) => ({
    flops: 4 * (rule.flops(s) + measuredFlops(s)) * s.elements,
    bytes: 16 * (3 + 2 * rule.slots(s).length + (rule.reads?.(s).length ?? 0)) * s.elements,
  }),
});
