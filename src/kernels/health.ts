import healthReduceSource from '../../shaders/health_reduce.wgsl?raw';
import layerStatisticsSource from '../../shaders/layer_statistics.wgsl?raw';
import deltaScales from '../../shaders/lib/delta_scales.wgsl?raw';
import measureDeltas from '../../shaders/lib/measure_deltas.wgsl?raw';
import measureValues from '../../shaders/lib/measure_values.wgsl?raw';
import sum from '../../shaders/lib/sum.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { type AnyActivation, flatBeyond } from './activation.ts';
import { healthSource, type RecordShape, recordConstants } from './record.ts';
import { stateSource, stateWords } from './state.ts';
import { chunkInvocations } from './update.ts';
import { ceilDiv } from './workgroups.ts';

/** Location of a layer's tensor, for layer_statistics. */
export interface MeasuredTensor {
  /** 0 and 1: an output in y0 or y1. 2 and 3: a gradient in dy0 or dy1. */
  arena: 0 | 1 | 2 | 3;
  /** Index of its first vec4. */
  first: number;
  /** Elements per sample. */
  elements: number;
  channels: number;
  activation: AnyActivation;
  /** First word of its units in `positive`; undefined if its units cannot die. */
  bits?: number;
}

/** Maximum number of chunks of a tensor: adding up more of them would take longer than they save. */
const chunksMost = 256;
const chunkVec4s = 1024;
const none = 0xffffffff;

/** The table of layer_statistics: a vec4 of words per chunk, then two per tensor. */
export interface StatisticsTable {
  words: Uint32Array;
  chunks: number;
  /** For each tensor, its first chunk and the one after its last. */
  ranges: [number, number][];
}

/** Splits the tensors of a batch into chunks. A chunk is a whole number of periods, the vec4s after which the channels repeat. */
export function cutForStatistics(tensors: readonly MeasuredTensor[], batch: number): StatisticsTable {
  const chunks: number[] = [];
  const rows: number[] = [];
  const ranges: [number, number][] = [];
  for (const [index, { arena, first, elements, channels, activation, bits }] of tensors.entries()) {
    const vec4s = ceilDiv(batch * elements, 4);
    const period = channels % 4 === 0 ? channels / 4 : channels % 2 === 0 ? channels / 2 : channels;
    const each = Math.max(1, Math.floor(Math.max(chunkVec4s, ceilDiv(vec4s, chunksMost)) / period)) * period;
    const begin = chunks.length / 4;
    for (let at = 0; at < vec4s; at += each) {
      chunks.push(first + at, first + Math.min(vec4s, at + each), index, arena);
    }
    ranges.push([begin, chunks.length / 4]);
    const limits = new Uint32Array(Float32Array.from(flatBeyond(activation)).buffer);
    rows.push(first, elements, channels, period, ...limits, bits ?? none, 0);
  }
  return { words: Uint32Array.from([...chunks, ...rows]), chunks: chunks.length / 4, ranges };
}

export interface LayerStatisticsShape {
  /** Sizes of y0, y1, dy0 and dy1 in vec4s. */
  arenas: readonly [number, number, number, number];
  chunks: number;
  tensors: number;
  /** Index of this dispatch's first partial sum, and the total number of partial sums. */
  firstPartial: number;
  partials: number;
  /** Words in `positive`. */
  words: number;
}

export const layerStatistics: Kernel<LayerStatisticsShape> = {
  name: 'layer_statistics',
  source: layerStatisticsSource + measureValues + measureDeltas + sum + deltaScales + stateSource,
  variants: chunkInvocations,
  flags: (_, v) => v,
  constants: (s) => ({ first_partial: s.firstPartial, chunk_count: s.chunks }),
  buffers: (s) => ({
    y0: s.arenas[0] * 4,
    y1: s.arenas[1] * 4,
    dy0: s.arenas[2] * 4,
    dy1: s.arenas[3] * 4,
    chunks: (s.chunks + 2 * s.tensors) * 4,
    state: stateWords,
    partials: s.partials * 8,
    positive: s.words,
  }),
  workgroups: (s) => [s.chunks],
  cost: ({ arenas: [y0, y1, dy0, dy1] }) => ({
    flops: 4 * (8 * (y0 + y1) + 3 * (dy0 + dy1)),
    bytes: 16 * (y0 + y1 + dy0 + dy1),
  }),
};

/** The ranges that health_reduce adds up for a layer and a tensor: of chunks by index, of units by bit. */
export interface LayerRanges {
  values: readonly [number, number];
  deltas: readonly [number, number];
  units: number;
  bits?: number;
}

/** Packs `ranges` of health_reduce: two vec4 per layer, then one per tensor. `tensors` holds first chunks and ends. */
export function packRanges(layers: readonly LayerRanges[], tensors: ArrayLike<number>): Uint32Array {
  const words = layers.flatMap(({ values, deltas, units, bits }) => [...values, ...deltas, bits ?? none, units, 0, 0]);
  for (let t = 0; t < tensors.length; t += 2) words.push(tensors[t]!, tensors[t + 1]!, 0, 0);
  return Uint32Array.from(words);
}

export interface HealthReduceShape {
  layers: number;
  tensors: number;
  /** Total number of chunks of layer_statistics. */
  partials: number;
  /** Number of chunks of gradient_norm and of the update. */
  chunks: number;
  words: number;
  record: RecordShape;
  /** First word of the health fields within a record. */
  firstWord: number;
}

export const healthReduce: Kernel<HealthReduceShape> = {
  name: 'health_reduce',
  source: healthReduceSource + deltaScales + stateSource + healthSource,
  variants: chunkInvocations,
  flags: (_, v) => v,
  constants: (s) => ({ layers: s.layers, first_word: s.firstWord, ...recordConstants(s.record) }),
  buffers: (s) => ({
    partials: s.partials * 8,
    positive: s.words,
    gradient: s.chunks * 4,
    updated: s.chunks * 4,
    ranges: (2 * s.layers + s.tensors) * 4,
    state: stateWords,
    records: s.record.words * s.record.slots,
  }),
  workgroups: (s) => [s.layers + s.tensors],
  cost: (s) => ({ flops: 20 * (s.partials + s.chunks), bytes: 32 * (s.partials + s.chunks) }),
};
