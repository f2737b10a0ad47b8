import type { RecordReader } from '../health/records.ts';
import { canDie } from '../kernels/activation.ts';
import { equalUnits, packUnits, type UnitPlace } from '../kernels/equal_units.ts';
import {
  cutForStatistics,
  healthReduce,
  layerStatistics,
  type MeasuredTensor,
  packRanges,
  type StatisticsTable,
} from '../kernels/health.ts';
import { recordWords } from '../kernels/record.ts';
import { type CompiledModel, trainedTensors } from '../model/graph.ts';
import { matrixOf } from '../model/layer.ts';
import { product } from '../product.ts';
import type { MeasuredArenas } from './arenas.ts';
import type { Network } from './network.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';

/** The dispatches that measure a training step, most of them after the update. */
export interface Measurement {
  /**
   * Dispatches within the backward pass, each with the number of backward dispatches before it. Used for networks with several
   * groups and for steps of several micro-batches.
   */
  within: { after: number; dispatch: PlannedDispatch }[];
  recording: PlannedDispatch[];
  /** The first of the norms' dispatches, which may share its launch with the statistics of all layers. */
  squares: PlannedDispatch;
  /** One bit per unit: whether it was positive since the epoch began. */
  positive: BufferRef;
}

interface Given {
  model: CompiledModel;
  network: Pick<Network, 'input' | 'weights' | 'gradients' | 'measured' | 'training'>;
  batch: number;
  /** The chunks of the arena of weights. shaders/gradient_norm.wgsl and shaders/lib/measure_update.wgsl write a vec4 for each. */
  chunks: { count: number; ranges: Uint32Array };
  partials: { gradient: BufferRef; update: BufferRef };
  squares: PlannedDispatch;
  state: BufferRef;
  records: BufferRef;
  reader: RecordReader;
  /** True if a step has several micro-batches: a unit is alive if it is positive in any of them. */
  everyMicroBatch: boolean;
}

/** Plans the dispatches that fill the health fields of a step's record: one per group of arenas, and one that adds up. */
export function planMeasurement(
  planner: Planner,
  { model, network, batch, chunks, partials, squares, state, records, reader, everyMicroBatch }: Given,
): Measurement {
  const { input, measured } = network;
  const { backward } = network.training;
  const { groups } = measured;
  const { words, tables, firsts, total, layers } = tabulate(model, measured, batch);
  const positive = planner.buffer('state', 'health.positive', words);
  const own = planner.buffer('state', 'health.partials', 8 * total);
  const look = (table: StatisticsTable, g: number): PlannedDispatch => {
    const [y0, y1, dy0, dy1] = groups[g]!;
    const shape = {
      arenas: [y0, y1, dy0, dy1].map(({ size }) => size / 16) as [number, number, number, number],
      chunks: table.chunks,
      tensors: table.ranges.length,
      firstPartial: firsts[g]!,
      partials: total,
      words,
    };
    const buffers = { y0, y1, dy0, dy1, chunks: planner.upload(`health.chunks_${g}`, table.words), state };
    return planner.dispatch(layerStatistics, shape, { ...buffers, partials: own, positive });
  };
  const tensors = chunks.ranges.length / 2;
  const common = { layers: layers.length, tensors, record: reader.shape, firstWord: recordWords(tensors) };
  const add = (): PlannedDispatch => {
    const ranges = packRanges(layers, chunks.ranges);
    const shape = { ...common, partials: total, chunks: chunks.count, words };
    return planner.dispatch(healthReduce, shape, {
      partials: own,
      positive,
      gradient: partials.gradient,
      updated: partials.update,
      ranges: planner.upload('health.ranges', ranges),
      state,
      records,
    });
  };
  const compare = (): PlannedDispatch => {
    const places = unitPlaces(model, network.weights.tensors);
    const shape = {
      ...common,
      units: Math.max(1, ...places.map((place) => place?.units ?? 0)),
      weights: network.weights.all.size / 4,
      input: input.size / 4,
      inputElements: product(model.inputShape),
    };
    return planner.dispatch(equalUnits, shape, {
      w: network.weights.all,
      dw: network.gradients.all,
      x: input,
      units: planner.upload('health.units', packUnits(places)),
      state,
      records,
    });
  };
  const looks = tables.map(look);
  // Both write to the record, but to different fields.
  const sums = inOneLaunch(planner, add(), compare());
  if (looks.length === 1 && !everyMicroBatch) {
    const [first, ...apart] = inOneLaunch(planner, squares, looks[0]!);
    return { within: [], squares: first!, recording: [...apart, ...sums], positive };
  }
  const within = looks.map((dispatch, g) => ({ after: lastWrite(backward, groups[g]!), dispatch }));
  return { within, squares, recording: sums, positive };
}

/** Two independent dispatches, in one launch if that is possible. */
const inOneLaunch = ({ joint, traits }: Planner, a: PlannedDispatch, b: PlannedDispatch): PlannedDispatch[] =>
  joint?.inOneLaunch(a, b, traits) ?? [a, b];

/** Locations of the units of each measured layer; undefined for a layer without a trainable kernel. */
function unitPlaces(model: CompiledModel, weights: Network['weights']['tensors']): (UnitPlace | undefined)[] {
  const trained = trainedTensors(model);
  return model.measured.map(({ units, tensors }) => {
    const wordOf = ({ index }: { index: number }) => weights[index]!.offset / 4;
    const kernel = tensors.find(({ index }) => matrixOf(trained[index]!.spec)?.[1] === units);
    if (!kernel) return undefined;
    const bias = tensors.find(({ name }) => name === 'bias');
    return { kernel: wordOf(kernel), rows: kernel.elements / units, units, bias: bias && wordOf(bias) };
  });
}

/** Number of backward dispatches until everything in these arenas has been written. */
function lastWrite(backward: readonly PlannedDispatch[], arenas: readonly BufferRef[]): number {
  const buffers = new Set(arenas.map(({ buffer }) => buffer));
  return 1 + backward.findLastIndex(({ writes }) => writes.some(({ bound }) => buffers.has(bound.buffer)));
}

/** The tensors that each dispatch covers, the position of its chunks among all chunks, and the chunks of each tensor. */
function tabulate({ measured }: CompiledModel, { places, groups }: MeasuredArenas, batch: number) {
  let words = 0;
  const bits = measured.map(({ activation, units }) => {
    if (!canDie(activation)) return undefined;
    const first = words;
    words += Math.ceil(units / 32);
    return first;
  });
  words = Math.max(1, words);

  // In each group, the tensors in the layers' order. A layer's output and gradient may be in different groups.
  const tensors = groups.map((): MeasuredTensor[] => []);
  const seats = measured.map(({ activation, units }, i) => {
    const seat = (of: 'values' | 'deltas') => {
      const { group, arena, offset, elements } = places[i]![of];
      const row = { arena, first: offset / 16, elements, channels: units, activation };
      return { group, index: tensors[group]!.push({ ...row, bits: bits[i] }) - 1 };
    };
    return { values: seat('values'), deltas: seat('deltas') };
  });
  const tables = tensors.map((rows) => cutForStatistics(rows, batch));
  const firsts = tables.map((_, g) => tables.slice(0, g).reduce((sum, { chunks }) => sum + chunks, 0));
  const total = tables.reduce((sum, { chunks }) => sum + chunks, 0);
  const rangeOf = ({ group, index }: { group: number; index: number }) =>
    tables[group]!.ranges[index]!.map((chunk) => firsts[group]! + chunk) as [number, number];
  const layers = measured.map(({ units }, i) => ({
    values: rangeOf(seats[i]!.values),
    deltas: rangeOf(seats[i]!.deltas),
    units,
    bits: bits[i],
  }));
  return { words, tables, firsts, total, layers };
}
