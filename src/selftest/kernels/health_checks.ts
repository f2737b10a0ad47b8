import type { AnyActivation, AnyActivationName } from '../../kernels/activation.ts';
import {
  cutForStatistics,
  type HealthReduceShape,
  healthReduce,
  type LayerStatisticsShape,
  layerStatistics,
  type MeasuredTensor,
  packRanges,
} from '../../kernels/health.ts';
import { blockWords, healthWords, layerField, recordWords, tensorField } from '../../kernels/record.ts';
import { activate } from '../../reference/activation.ts';
import { positiveUnits, statistics } from '../../reference/health.ts';
import { gradientNorm } from '../../reference/norm.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { unitRoundoff } from '../tolerance.ts';
import { floats, type KernelCheck } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import { stateOf } from './state_words.ts';

/** A layer's output or its gradient in a case. */
export interface TensorCase {
  /** Shape of one sample: pixels by channels. */
  pixels: number;
  channels: number;
  activation?: AnyActivationName;
  gradient?: boolean;
  /** Modifies the default values. */
  change?: (value: number, index: number) => number;
}

export interface StatisticsCase {
  batch: number;
  /** Number of real samples. */
  count: number;
  tensors: TensorCase[];
}

/** Maps a number from -1 to 1 to the activation's range, with some saturated values if the activation saturates. */
const made = (activation: AnyActivation, z: number) => activate(activation, (activation === 'linear' ? 1 : 8) * z);

/** Scales at which squares of gradients are summed: shaders/lib/delta_scales.wgsl. */
const [scale, scaleOfLarge] = [2 ** 32, 2 ** -70];

interface Laid {
  table: ReturnType<typeof cutForStatistics>;
  tensors: (TensorCase & { row: MeasuredTensor; values: Float32Array })[];
  arenas: [Float32Array, Float32Array, Float32Array, Float32Array];
  words: number;
}

/** Lays the tensors out in four arenas, aligned to 256 bytes, with poison in empty sample slots and in the gaps. */
function lay({ batch, count, tensors }: StatisticsCase): Laid {
  let words = 0;
  const sizes = [0, 0, 0, 0];
  const rows = tensors.map((tensor, i) => {
    const { pixels, channels, activation = 'linear', gradient = false } = tensor;
    const arena = ((i % 2) + (gradient ? 2 : 0)) as MeasuredTensor['arena'];
    const elements = pixels * channels;
    const row: MeasuredTensor = { arena, first: sizes[arena]! / 4, elements, channels, activation };
    sizes[arena]! += Math.ceil((batch * elements) / 64) * 64;
    if (activation === 'relu' && !gradient) {
      row.bits = words;
      words += Math.ceil(channels / 32);
    }
    return { ...tensor, row };
  });
  const arenas = sizes.map((size) => new Float32Array(new Uint32Array(Math.max(4, size)).fill(poison).buffer));
  const laid = rows.map((tensor, i) => {
    const { row, activation = 'linear', gradient, change = (value: number) => value } = tensor;
    const drawn = numbers(count * row.elements, 50 + i).map((z, at) =>
      change(gradient ? 1e-3 * z : made(activation, z), at),
    );
    arenas[row.arena]!.set(drawn, 4 * row.first);
    return { ...tensor, values: arenas[row.arena]!.slice(4 * row.first, 4 * row.first + drawn.length) };
  });
  const table = cutForStatistics(
    rows.map(({ row }) => row),
    batch,
  );
  return { table, tensors: laid, arenas: arenas as Laid['arenas'], words: words + 1 };
}

/** Expected content of a chunk, and the bound of each number. */
function ofChunk({ gradient, activation = 'linear' }: TensorCase, values: Float32Array): [number[], number[]] {
  const n = values.length;
  const rounding = 4 * (n + 2) * unitRoundoff;
  if (gradient) {
    const { squares, nonFinite } = gradientNorm(values);
    const [small, large] = [squares * scale ** 2, squares * scaleOfLarge ** 2];
    return [
      [0, 0, small, large, 0, 0, nonFinite, 0],
      [0, 0, rounding * small, rounding * large, 0, 0, 0, 0],
    ];
  }
  const shift = values[0] ?? 0;
  const apart = Float64Array.from(values, (value) => value - shift);
  const { zeros, saturated, nonFinite } = statistics(values, activation);
  const sizes = apart.reduce((sum, d) => sum + Math.abs(d), 0);
  const { squares } = gradientNorm(apart);
  return [
    [n, shift, apart.reduce((sum, d) => sum + d, 0), squares, zeros, saturated, nonFinite, 0],
    [0, 0, rounding * sizes, rounding * squares + (n + 2) * 2 ** -126, 0, 0, 0, 0],
  ];
}

export function checkLayerStatistics(it: StatisticsCase): KernelCheck<LayerStatisticsShape> {
  const { table, tensors, arenas, words } = lay(it);
  const firstPartial = 3;
  const shape: LayerStatisticsShape = {
    arenas: arenas.map(({ length }) => length / 4) as unknown as LayerStatisticsShape['arenas'],
    chunks: table.chunks,
    tensors: tensors.length,
    firstPartial,
    partials: firstPartial + table.chunks + 1,
    words,
  };
  const [y0, y1, dy0, dy1] = arenas;
  const before = new Uint32Array(words);
  before[words - 1] = 2; // This word belongs to no tensor and must not change.
  return {
    kernel: layerStatistics,
    shape,
    given: {
      y0,
      y1,
      dy0,
      dy1,
      chunks: table.words,
      state: stateOf({ count: it.count }),
      positive: before,
    },
    twin: () => ({
      partials: (name, bits) => {
        const own = floats(bits);
        const outside = [0, 1, 2, shape.partials - 1].flatMap((c) => [...bits.subarray(8 * c, 8 * c + 8)]);
        expectSame(`${name} of other dispatches`, outside, new Uint32Array(outside.length).fill(poison));
        for (let c = 0; c < table.chunks; c++) {
          const [first, end, index] = table.words.subarray(4 * c);
          const tensor = tensors[index!]!;
          const from = 4 * (first! - tensor.row.first);
          const values = tensor.values.subarray(from, 4 * (end! - tensor.row.first));
          const actual = own.slice(8 * (firstPartial + c), 8 * (firstPartial + c) + 8);
          const [expected, bounds] = ofChunk(tensor, values);
          const bad = expected[6]! > 0;
          if (values.length === 0) actual[1] = expected[1] = 0; // The shift of an empty chunk is never read.
          if (tensor.gradient) {
            // Each invocation sums at the scale that it needs; only the sum of both is determined.
            const total = actual[2]! / scale ** 2 + actual[3]! / scaleOfLarge ** 2;
            if (bad) expectSame(`${name}[${c}] is not finite`, [Number(Number.isFinite(total))], [0]);
            else expectWithin(`${name}[${c}].squares`, [total], [expected[2]! / scale ** 2], bounds[2]! / scale ** 2);
            for (const k of [2, 3]) actual[k] = expected[k] = 0;
          } else if (bad) {
            expectSame(`${name}[${c}] is not finite`, [Number(Number.isFinite(actual[3]))], [0]);
            for (const k of [1, 2, 3, 4, 5]) actual[k] = expected[k] = 0;
          }
          expectWithin(`${name}[${c}]`, actual, expected, bounds);
        }
      },
      positive: (name, bits) => {
        const expected = before.slice();
        for (const { row, values } of tensors) {
          if (row.bits === undefined) continue;
          for (const [unit, alive] of positiveUnits(values, row.channels).entries()) {
            if (alive) expected[row.bits + Math.floor(unit / 32)]! |= 1 << (unit % 32);
          }
        }
        expectSame(name, bits, expected);
      },
    }),
  };
}

export interface ReduceCase {
  /** Number of chunks of values and of deltas, and number of units of each layer; 0 units if they can't be dead. */
  layers: { values: number; deltas: number; units: number }[];
  /** Number of chunks of each tensor. */
  tensors: number[];
  /** Set if gradients had to be summed at the scale for large ones. */
  large?: boolean;
}

/** Reduces chunks of known content to a record. */
export function checkHealthReduce({ layers, tensors, large }: ReduceCase): KernelCheck<HealthReduceShape> {
  const total = layers.reduce((sum, { values, deltas }) => sum + values + deltas, 0);
  const chunks = tensors.reduce((sum, count) => sum + count, 0);
  const u = numbers(8 * total + 8 * chunks, 9).map(Math.abs);
  const partials = new Float32Array(8 * total);
  const ranges = { layers: [] as Parameters<typeof packRanges>[0][number][], tensors: [] as number[] };
  let [at, word] = [0, 0];
  const bitsOf: number[] = [];
  for (const { values, deltas, units } of layers) {
    const bits = units ? word : undefined;
    if (units) {
      for (let first = 0; first < units; first += 32) {
        const mask = units - first >= 32 ? 0xffffffff : 2 ** (units - first) - 1;
        bitsOf.push((Math.floor(u[word]! * 2 ** 32) & mask) >>> 0);
      }
      word = bitsOf.length;
    }
    ranges.layers.push({ values: [at, at + values], deltas: [at + values, at + values + deltas], units, bits });
    for (let c = 0; c < values; c++) {
      const n = c % 5 === 4 ? 0 : 10 + (c % 7); // A short batch leaves chunks empty.
      const sum = n * (u[8 * (at + c)]! - 0.5);
      const squares = sum ** 2 / Math.max(1, n) + u[8 * (at + c) + 1]!;
      partials.set([n, 3 + u[8 * (at + c) + 2]!, n ? sum : 0, n ? squares : 0, n >> 1, c, c % 3, 0], 8 * (at + c));
    }
    at += values;
    for (let c = 0; c < deltas; c++) {
      partials.set([0, 0, 1e-20 * u[8 * (at + c)]!, large ? u[8 * (at + c) + 1]! : 0, 0, 0, c % 2, 0], 8 * (at + c));
    }
    at += deltas;
  }
  const gradient = Float32Array.from(u.slice(8 * total, 8 * total + 4 * chunks));
  const updated = Float32Array.from(u.slice(8 * total + 4 * chunks));
  for (let c = 0; c < chunks; c++) updated[4 * c + 2] = c % 4;
  let first = 0;
  for (const count of tensors) {
    ranges.tensors.push(first, first + count);
    first += count;
  }

  const positive = Uint32Array.from(bitsOf.length ? bitsOf : [0]);
  const firstWord = recordWords(tensors.length);
  const words = firstWord + healthWords(layers.length, tensors.length);
  const [slots, step] = [2, 5];
  const records = new Uint32Array(words * slots).fill(poison);
  const record = { words, slots };
  return {
    kernel: healthReduce,
    shape: {
      layers: layers.length,
      tensors: tensors.length,
      partials: total,
      chunks,
      words: positive.length,
      record,
      firstWord,
    },
    given: {
      partials,
      positive,
      gradient,
      updated,
      ranges: packRanges(ranges.layers, ranges.tensors),
      state: stateOf({ step }),
      records,
    },
    twin: () => ({
      records: (name, bits) => {
        const base = (step % slots) * words + firstWord;
        expectSame(
          `${name} elsewhere`,
          bits.filter((_, i) => i < base || i >= base + words - firstWord),
          new Uint32Array(words * slots - (words - firstWord)).fill(poison),
        );
        for (const [i, layer] of ranges.layers.entries()) {
          const expected = layerOf(partials, layer, positive);
          const own = bits.subarray(base + blockWords.layer * i);
          const close = (field: keyof typeof layerField, value: number, bound: number) =>
            expectWithin(`${name}: ${field} of layer ${i}`, [floats(own)[layerField[field]]!], [value], bound);
          const terms = layer.values[1] - layer.values[0] + 8;
          close('mean', expected.mean, 8 * terms * unitRoundoff * 4);
          close('standardDeviation', expected.deviation, 16 * terms * unitRoundoff * 4);
          close(
            'deltaNorm',
            expected.deltaNorm,
            8 * (layer.deltas[1] - layer.deltas[0] + 4) * unitRoundoff * expected.deltaNorm,
          );
          const counted = ['zeros', 'saturated', 'nonFiniteActivations', 'dead', 'nonFiniteDeltas'] as const;
          for (const field of counted) {
            expectSame(`${name}: ${field} of layer ${i}`, [own[layerField[field]]!], [expected[field]]);
          }
        }
        for (let t = 0; t < tensors.length; t++) {
          const [from, to] = ranges.tensors.slice(2 * t);
          const own = bits.subarray(base + blockWords.layer * layers.length + blockWords.tensor * t);
          const sum = { largest: 0, weights: 0, updates: 0, bad: 0 };
          for (let c = from!; c < to!; c++) {
            sum.largest = Math.max(sum.largest, gradient[4 * c + 2]!);
            sum.weights += updated[4 * c]!;
            sum.updates += updated[4 * c + 1]!;
            sum.bad += updated[4 * c + 2]!;
          }
          const norms = [Math.sqrt(sum.weights), Math.sqrt(sum.updates)];
          const found = [floats(own)[tensorField.weightNorm]!, floats(own)[tensorField.updateNorm]!];
          const bound = norms.map((norm) => 4 * (to! - from! + 4) * unitRoundoff * norm);
          expectSame(`${name}: largest of tensor ${t}`, [floats(own)[tensorField.gradientMax]!], [sum.largest]);
          expectWithin(`${name}: norms of tensor ${t}`, found, norms, bound);
          expectSame(`${name}: not finite of tensor ${t}`, [own[tensorField.nonFiniteWeights]!], [sum.bad]);
        }
      },
    }),
  };
}

function layerOf(partials: Float32Array, layer: Parameters<typeof packRanges>[0][number], positive: Uint32Array) {
  const counts = { zeros: 0, saturated: 0, nonFiniteActivations: 0, nonFiniteDeltas: 0, dead: 0 };
  let [n, sum, small, large] = [0, 0, 0, 0];
  const chunks: { n: number; mean: number; squares: number }[] = [];
  for (let c = layer.values[0]; c < layer.values[1]; c++) {
    const [count, shift, total, squares, zeros, flat, bad] = partials.subarray(8 * c);
    n += count!;
    sum += count! * shift! + total!;
    if (count) chunks.push({ n: count, mean: shift! + total! / count, squares: squares! - total! ** 2 / count });
    counts.zeros += zeros!;
    counts.saturated += flat!;
    counts.nonFiniteActivations += bad!;
  }
  for (let c = layer.deltas[0]; c < layer.deltas[1]; c++) {
    small += partials[8 * c + 2]!;
    large += partials[8 * c + 3]!;
    counts.nonFiniteDeltas += partials[8 * c + 6]!;
  }
  if (layer.bits !== undefined) {
    for (let unit = 0; unit < layer.units; unit++) {
      if (!((positive[layer.bits + (unit >> 5)]! >>> (unit % 32)) & 1)) counts.dead++;
    }
  }
  const mean = sum / n;
  const squares = chunks.reduce((all, chunk) => all + chunk.squares + chunk.n * (chunk.mean - mean) ** 2, 0);
  const deltaNorm = Math.sqrt(small / scale ** 2 + large / scaleOfLarge ** 2);
  return { mean, deviation: Math.sqrt(squares / n), deltaNorm, ...counts };
}
