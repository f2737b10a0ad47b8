import {
  type BatchNormBackwardSumsShape,
  type BatchNormBackwardXShape,
  type BatchNormFoldShape,
  type BatchNormForwardShape,
  type BatchNormMoveShape,
  type BatchNormSumShape,
  batchNormBackwardSums,
  batchNormBackwardX,
  batchNormCombine,
  batchNormFold,
  batchNormForward,
  batchNormMove,
  batchNormPend,
  batchNormSettle,
  batchNormStatistics,
  packMovingTensors,
  statisticsElements,
  varianceAt,
} from '../../kernels/batch_norm.ts';
import { activate } from '../../reference/activation.ts';
import * as reference from '../../reference/batch_norm.ts';
import { expectWithin } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { arenaOf, likeArena } from './arena.ts';
import { floats, type KernelCheck, type Verify, within } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import { anyUlp, isSmooth, momentsBounds, type NormalizationCase } from './norm_bounds.ts';
import { stateOf } from './state_words.ts';

/** A batch normalization in a training step; each kernel uses the fields that it needs. */
export interface BatchNormCase extends NormalizationCase {
  batch: number;
  pixels: number;
  channels: number;
  frozen: boolean;
  useBias: boolean;
}

type Contents = Record<string, Float32Array>;

const poisoned = (elements: number) => new Float32Array(new Uint32Array(elements).fill(poison).buffer);
const positive = (count: number, seed: number) => Float32Array.from(numbers(count, seed), (u) => u + 1.05);

/** Numbers for the real samples, poison for empty slots. */
function sampled(c: BatchNormCase, seed: number, map: (u: number) => number = (u) => u): Float32Array {
  const values = poisoned(c.batch * c.pixels * c.channels);
  values.set(numbers(c.count * c.pixels * c.channels, seed).map(map));
  return values;
}

const inputOf = (c: BatchNormCase) =>
  sampled(c, 91, (u) => (c.spread ?? 1) * activate(c.inActivation, 2 * u) + (c.mean ?? 0));
const state = (c: BatchNormCase) => stateOf({ count: c.count });

/** A mean and a variance in the kernels' layout, with poison in the gap between the two tensors. */
function packStatistics(channels: number, mean: ArrayLike<number>, variance: ArrayLike<number>): Float32Array {
  const statistics = poisoned(statisticsElements(channels));
  statistics.set(mean);
  statistics.set(variance, varianceAt(channels));
  return statistics;
}

const someStatistics = (channels: number, mean = 0) =>
  packStatistics(
    channels,
    numbers(channels, 81).map((u) => u + mean),
    positive(channels, 82),
  );

const unpack = (channels: number, statistics: Float32Array) => ({
  mean: statistics.subarray(0, channels),
  variance: statistics.subarray(varianceAt(channels)),
});

const absolute = (values: ArrayLike<number> | undefined) => values && Float64Array.from(values, Math.abs);
const opposite = (values: ArrayLike<number> | undefined) => values && Float64Array.from(values, (v) => -Math.abs(v));

/** The twins compute magnitudes from deviations from the mean, which the kernels subtract with a single rounding. */
function deviations(c: { channels: number }, x: Float32Array, mean: Float32Array) {
  return { x: Float64Array.from(x, (v, i) => Math.abs(v - mean[i % c.channels]!)), mean: mean.map(() => 0) };
}

const rowsOfChunk = ({ batch, pixels, chunks, count }: BatchNormCase, k: number) => {
  const each = Math.ceil((batch * pixels) / chunks);
  return { first: Math.min(k * each, count * pixels), end: Math.min((k + 1) * each, count * pixels) };
};

export function checkBatchNormStatistics(c: BatchNormCase): KernelCheck<BatchNormSumShape> {
  return {
    kernel: batchNormStatistics,
    shape: c,
    given: { x: inputOf(c), state: state(c) },
    twin: (inputs) => {
      const { x } = inputs as Contents;
      const { partials } = reference.batchNormStatistics(c, { x: x!, count: c.count });
      const bound = partials.map((_, i) => {
        const [k, row] = [Math.floor(i / c.channels / 2), Math.floor(i / c.channels) % 2];
        const { first, end } = rowsOfChunk(c, k);
        const column = Array.from({ length: end - first }, (_, r) => x![(first + r) * c.channels + (i % c.channels)]!);
        return momentsBounds(column)[row === 0 ? 'mean' : 'm2'];
      });
      return { partials: within(partials, bound) };
    },
  };
}

/** Checks the statistics, and that the gap between mean and variance is unchanged. */
const statisticsWithin =
  (channels: number, exact: reference.Statistics, bounds: { mean: Float64Array; variance: Float64Array }): Verify =>
  (name, bits) => {
    const { mean, variance } = unpack(channels, floats(bits));
    expectWithin(`${name}.mean`, mean, exact.mean, bounds.mean);
    expectWithin(`${name}.variance`, variance, exact.variance, bounds.variance);
    const gap = [...bits.subarray(channels, varianceAt(channels))];
    if (gap.some((word) => word !== poison)) throw new Error(`${name}: the gap between mean and variance was written`);
  };

export function checkBatchNormCombine(c: BatchNormCase): KernelCheck<BatchNormSumShape> {
  const partials = Float32Array.from(numbers(c.chunks * 2 * c.channels, 71), (u, i) =>
    Math.floor(i / c.channels) % 2 === 0 ? (c.spread ?? 1) * u + (c.mean ?? 0) : u + 1,
  );
  return {
    kernel: batchNormCombine,
    shape: c,
    given: { partials, state: state(c) },
    twin: (inputs) => {
      const given = inputs.partials as Float32Array;
      const exact = reference.batchNormCombine(c, { partials: given, count: c.count });
      const n = c.count * c.pixels;
      // The mean is the first chunk's mean plus a weighted sum of differences from it, with five operations per term. The error of
      // that mean adds its square to the variance, which takes eight operations per term.
      const mean = exact.mean.map((value, channel) => {
        let sum = 0;
        for (let k = 0; k < c.chunks; k++) {
          const { first, end } = rowsOfChunk(c, k);
          sum += (end - first) * Math.abs(given[2 * k * c.channels + channel]! - given[channel]!);
        }
        return anyUlp * (Math.abs(value) + ((c.chunks + 5) * sum) / n);
      });
      const variance = exact.variance.map(
        (value, channel) => (c.chunks + 8) * anyUlp * (value + mean[channel]! ** 2) + mean[channel]! ** 2,
      );
      return { statistics: statisticsWithin(c.channels, exact, { mean, variance }) };
    },
  };
}

export function checkBatchNormForward(c: BatchNormCase): KernelCheck<BatchNormForwardShape> {
  const x = Float32Array.from(numbers(c.batch * c.pixels * c.channels, 91), (u) => u + (c.mean ?? 0));
  return {
    kernel: batchNormForward,
    shape: c,
    given: { x, statistics: someStatistics(c.channels, c.mean) },
    twin: (inputs) => {
      const { x, statistics, gamma, beta, residual } = inputs as Contents;
      const given = unpack(c.channels, statistics!);
      const { y } = reference.batchNormForward(c, { x: x!, ...given, gamma, beta, residual });
      const { y: magnitude } = reference.batchNormForward(
        { ...c, activation: 'linear' },
        {
          ...deviations(c, x!, given.mean),
          variance: given.variance,
          gamma: absolute(gamma),
          beta: absolute(beta),
          residual: absolute(residual),
        },
      );
      const tolerance = isSmooth(c.activation) ? tolerances.activated : tolerances.batch_norm_forward;
      return { y: within(y, boundOf(tolerance, y, { terms: 9, magnitude })) };
    },
  };
}

export interface BatchNormMoveCase {
  /** Number of channels of each layer. */
  layers: number[];
  momenta: number[];
  skip?: boolean;
}

/** The statistics arena of a case, and the offsets of its tensors. */
function statisticsArena({ layers, momenta }: BatchNormMoveCase) {
  const arena = arenaOf(layers.flatMap((channels) => [channels, channels]));
  const places = arena.tensors.map((tensor, t) => ({
    offset: tensor.byteOffset - arena.dw.byteOffset,
    elements: tensor.length,
    momentum: momenta[Math.floor(t / 2)]!,
  }));
  return { arena, places, shape: { elements: arena.elements, tensors: places.length } };
}

/**
 * Every tensor, either moved by the statistics or unchanged. Nothing between the tensors is written: `into` has their previous
 * content.
 */
const moved =
  (
    { places }: ReturnType<typeof statisticsArena>,
    { statistics, moving, into = moving }: { statistics: Float32Array; moving: Float32Array; into?: Float32Array },
    moves: boolean,
  ): Verify =>
  (name, bits) => {
    const expected = into.slice();
    const actual = floats(bits);
    for (const { offset, elements, momentum } of places) {
      const [first, end] = [offset / 4, offset / 4 + elements];
      const given = { statistics: statistics.subarray(first, end), moving: moving.subarray(first, end) };
      const exact = moves ? reference.batchNormMove({ momentum }, given).moving : given.moving;
      const magnitude = Float64Array.from(
        given.moving,
        (value, i) => Math.abs(value) + (1 - momentum) * (Math.abs(value) + Math.abs(given.statistics[i]!)),
      );
      const bound = moves ? boundOf(tolerances.batch_norm_move, exact, { terms: 4, magnitude }) : 0;
      expectWithin(name, actual.subarray(first, end), exact, bound);
      expected.set(actual.subarray(first, end), first);
    }
    // Checks that nothing is written between the tensors. Poison is NaN, so words are compared.
    const words = new Uint32Array(expected.buffer);
    const changed = bits.findIndex((word, i) => word !== words[i]);
    if (changed >= 0) throw new Error(`${name}[${changed}], which belongs to no tensor, was written`);
  };

export function checkBatchNormMove(c: BatchNormMoveCase): KernelCheck<BatchNormMoveShape> {
  const own = statisticsArena(c);
  const { skip = false } = c;
  return {
    kernel: batchNormMove,
    shape: own.shape,
    given: {
      statistics: own.arena.dw,
      moving: likeArena(own.arena, 5),
      table: packMovingTensors(own.places),
      // Only `skip` is read. The word next to it is even, so the sabotage changes nothing else.
      state: stateOf({ skip: Number(skip) }),
    },
    twin: (given) => {
      const { statistics, moving } = given as Contents;
      return { moving: moved(own, { statistics: statistics!, moving: moving! }, !skip) };
    },
  };
}

export function checkBatchNormPend(
  c: BatchNormMoveCase & { first: boolean },
): KernelCheck<BatchNormMoveShape & { first: boolean }> {
  const own = statisticsArena(c);
  const { first } = c;
  return {
    kernel: batchNormPend,
    shape: { ...own.shape, first },
    given: {
      statistics: own.arena.dw,
      table: packMovingTensors(own.places),
      ...(first ? { moving: likeArena(own.arena, 5) } : { accumulated: Uint32Array.of(1, 9, 0, 0) }),
      pending: first ? 'unread' : likeArena(own.arena, 6),
    },
    twin: (given) => {
      const { statistics, moving, pending } = given as Contents;
      const into = pending ?? likeArena(own.arena, 9);
      return { pending: moved(own, { statistics: statistics!, moving: moving ?? pending!, into }, true) };
    },
  };
}

export function checkBatchNormSettle(c: BatchNormMoveCase): KernelCheck<BatchNormMoveShape> {
  const own = statisticsArena(c);
  return {
    kernel: batchNormSettle,
    shape: own.shape,
    given: {
      pending: own.arena.dw,
      moving: 'unread',
      table: packMovingTensors(own.places),
      state: stateOf({}),
    },
    twin: (given) => {
      const { pending } = given as Contents;
      const into = likeArena(own.arena, 9);
      return { moving: moved(own, { statistics: pending!, moving: pending!, into }, false) };
    },
  };
}

export function checkBatchNormBackwardSums(c: BatchNormCase): KernelCheck<BatchNormBackwardSumsShape> {
  return {
    kernel: batchNormBackwardSums,
    shape: c,
    given: { x: inputOf(c), dy: sampled(c, 92), statistics: someStatistics(c.channels, c.mean), state: state(c) },
    twin: (inputs) => {
      const { x, dy, statistics } = inputs as Contents;
      const given = unpack(c.channels, statistics!);
      const exact = reference.batchNormBackwardSums(c, { x: x!, dy: dy!, ...given, count: c.count });
      const size = reference.batchNormBackwardSums(c, {
        ...deviations(c, x!, given.mean),
        dy: absolute(dy)!,
        variance: given.variance,
        count: c.count,
      });
      const terms = Math.ceil((c.batch * c.pixels) / c.chunks) + 6;
      const bound = (name: 'dgamma' | 'dbeta') =>
        boundOf(tolerances.batch_norm_backward_sums, exact[name], { terms, magnitude: size[name] });
      return { dgamma: within(exact.dgamma, bound('dgamma')), dbeta: within(exact.dbeta, bound('dbeta')) };
    },
  };
}

export function checkBatchNormBackwardX(c: BatchNormCase): KernelCheck<BatchNormBackwardXShape> {
  const readsX = !c.frozen || c.inActivation !== 'linear';
  return {
    kernel: batchNormBackwardX,
    shape: c,
    given: {
      ...(readsX && { x: inputOf(c) }),
      dy: sampled(c, 92),
      statistics: someStatistics(c.channels, c.mean),
      state: state(c),
    },
    twin: (inputs) => {
      const { x, dy, statistics, gamma, dgamma, dbeta } = inputs as Contents;
      const given = unpack(c.channels, statistics!);
      const { count } = c;
      const { dx } = reference.batchNormBackwardX(c, { x, dy: dy!, ...given, gamma, dgamma, dbeta, count });
      // No derivative exceeds 1. With negative sums, the twin's formula subtracts nothing, so it gives the magnitude.
      const { dx: magnitude } = reference.batchNormBackwardX(
        { ...c, inActivation: 'linear' },
        {
          ...(x ? deviations(c, x, given.mean) : { x, mean: given.mean }),
          dy: absolute(dy)!,
          variance: given.variance,
          gamma: absolute(gamma),
          dgamma: opposite(dgamma),
          dbeta: opposite(dbeta),
          count,
        },
      );
      return { dx: within(dx, boundOf(tolerances.batch_norm_backward_x, dx, { terms: 18, magnitude })) };
    },
  };
}

export function checkBatchNormFold(c: BatchNormCase): KernelCheck<BatchNormFoldShape> {
  const shape = { ...c, rows: c.batch * c.pixels };
  return {
    kernel: batchNormFold,
    shape,
    given: { statistics: someStatistics(c.channels) },
    twin: (inputs) => {
      const { w, statistics, b, gamma, beta } = inputs as Contents;
      const given = unpack(c.channels, statistics!);
      const exact = reference.batchNormFold(shape, { w: w!, ...given, b, gamma, beta });
      const size = reference.batchNormFold(shape, {
        w: absolute(w)!,
        mean: opposite(given.mean)!,
        variance: given.variance,
        b: absolute(b),
        gamma: absolute(gamma),
        beta: absolute(beta),
      });
      const bound = (name: 'w_folded' | 'b_folded') =>
        boundOf(tolerances.batch_norm_fold, exact[name], { terms: 8, magnitude: size[name] });
      return {
        w_folded: within(exact.w_folded, bound('w_folded')),
        b_folded: within(exact.b_folded, bound('b_folded')),
      };
    },
  };
}
