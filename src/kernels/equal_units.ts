import source from '../../shaders/equal_units.wgsl?raw';
import sum from '../../shaders/lib/sum.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { blockWords, healthSource, type RecordShape, recordConstants } from './record.ts';
import { stateSource, stateWords } from './state.ts';
import { chunkInvocations } from './update.ts';

/** Limits on what equal_units compares, so that its cost doesn't grow with the layer or the batch. */
export const equalUnitsMost = { rows: 16, units: 512, input: 4096 } as const;

/** Location of a layer's units in the arenas of weights and gradients: columns of a kernel, elements of a bias. */
export interface UnitPlace {
  /** First word of the kernel. */
  kernel: number;
  rows: number;
  units: number;
  /** First word of the bias; undefined if there is no trainable bias. */
  bias?: number | undefined;
}

/** Packs `units`: a vec4 per layer. A layer without a trainable kernel has no units to compare. */
export const packUnits = (layers: readonly (UnitPlace | undefined)[]): Uint32Array =>
  Uint32Array.from(
    layers.flatMap((place) =>
      place ? [place.kernel, place.rows, place.units, place.bias ?? 0xffffffff] : [0, 0, 0, 0],
    ),
  );

export interface EqualUnitsShape {
  layers: number;
  tensors: number;
  /** Units of the largest layer. SwiftShader compiles the zeroing of workgroup memory word by word, so its size matters. */
  units: number;
  /** Words in the arena of weights, and in that of gradients. */
  weights: number;
  /** Numbers per batch, and per sample. */
  input: number;
  inputElements: number;
  record: RecordShape;
  /** First word of the health fields within a record. */
  firstWord: number;
}

export const equalUnits: Kernel<EqualUnitsShape> = {
  name: 'equal_units',
  source: source + stateSource + healthSource + sum,
  variants: chunkInvocations,
  flags: (s, v) => ({
    ...v,
    row_most: equalUnitsMost.rows,
    unit_most: Math.min(equalUnitsMost.units, s.units),
    input_most: equalUnitsMost.input,
  }),
  constants: (s) => ({
    layers: s.layers,
    first_word: s.firstWord,
    input_word: s.firstWord + blockWords.layer * s.layers + blockWords.tensor * s.tensors,
    input_elements: s.inputElements,
    ...recordConstants(s.record),
  }),
  buffers: (s) => ({
    w: s.weights,
    dw: s.weights,
    x: s.input,
    units: 4 * s.layers,
    state: stateWords,
    records: s.record.words * s.record.slots,
  }),
  workgroups: (s) => [s.layers + 1],
  cost: (s) => {
    const words = Math.min(s.input, equalUnitsMost.input);
    return { flops: 3 * words, bytes: 4 * words };
  },
};
