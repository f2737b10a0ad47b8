import accumulateGradientsSource from '../../shaders/accumulate_gradients.wgsl?raw';
import beginMicroBatchSource from '../../shaders/begin_micro_batch.wgsl?raw';
import accumulatedStruct from '../../shaders/lib/accumulated.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import { type RecordShape, recordConstants, recordSource } from './record.ts';
import { stateSource, stateWords } from './state.ts';
import { type ChunkedShape, chunkInvocations } from './update.ts';

/** The fields of `struct Accumulated` in shaders/lib/accumulated.wgsl, in order. */
export const accumulatedFields: readonly string[] = [...accumulatedStruct.matchAll(/^\s*(\w+): ?(?:u32|f32),/gm)].map(
  (m) => m[1]!,
);

export const accumulatedWords = accumulatedFields.length;

/** WGSL text of the struct, for the shaders that read it. */
export const accumulatedSource = `\n${accumulatedStruct}`;

export const beginMicroBatch: Kernel<{ batch: number }> = {
  name: 'begin_micro_batch',
  source: beginMicroBatchSource + stateSource + accumulatedSource,
  constants: (s) => ({ batch: s.batch }),
  buffers: () => ({ state: stateWords, accumulated: accumulatedWords }),
  workgroups: () => [1],
  cost: () => ({ flops: 0, bytes: 8 * (stateWords + accumulatedWords) }),
};

/** Position of a micro-batch within its step. */
export type MicroBatchPlace = 'first' | 'middle' | 'last';

export interface AccumulateGradientsShape extends ChunkedShape {
  place: MicroBatchPlace;
  /** True if the record's `correct` is a sum of floats rather than a count. */
  fractional: boolean;
  record: RecordShape;
}

/** The size of workgroups that process a chunk without adding up anything. */
export const separateInvocations = (shape: unknown, traits: Traits): Variant[] =>
  chunkInvocations(shape, traits).map(({ workgroup_size }) => ({ workgroup_size: workgroup_size! }));

/** Launched after the backward pass of a micro-batch. */
export const accumulateGradients: Kernel<AccumulateGradientsShape> = {
  name: 'accumulate_gradients',
  source: accumulateGradientsSource + stateSource + recordSource + accumulatedSource,
  variants: separateInvocations,
  flags: ({ place, fractional }, v) => ({
    ...v,
    first: place === 'first',
    last: place === 'last',
    fractional,
  }),
  constants: (s) => recordConstants(s.record),
  buffers: (s) => ({
    dw: s.elements * 4,
    chunks: s.chunks * 4,
    state: stateWords,
    s: s.elements * 4,
    accumulated: accumulatedWords,
    records: s.record.words * s.record.slots,
  }),
  workgroups: (s) => [s.chunks],
  cost: (s) => ({ flops: 8 * s.elements, bytes: 16 * (s.place === 'first' ? 2 : 3) * s.elements }),
};
