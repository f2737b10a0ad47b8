import type { Kernel } from '../../gpu/kernel.ts';
import {
  type GroupNormBackwardSumsShape,
  type GroupNormBackwardXShape,
  type GroupNormForwardShape,
  groupNormBackwardSums,
  groupNormBackwardX,
  groupNormForward,
} from '../../kernels/group_norm.ts';
import { asGroupNorm, layerNormBackwardSums, layerNormBackwardX, layerNormForward } from '../../kernels/layer_norm.ts';
import { activate } from '../../reference/activation.ts';
import * as reference from '../../reference/group_norm.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, within } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import { anyUlp, isSmooth, momentsBounds, type NormalizationCase } from './norm_bounds.ts';
import { stateOf } from './state_words.ts';

interface Options extends NormalizationCase {
  keepsStatistics: boolean;
}

/** A group normalization in a training step; each kernel uses the fields that it needs. */
export interface GroupNormCase extends Options {
  instances: number;
  instancesPerSample: number;
  pixels: number;
  channels: number;
  groups: number;
}

export interface LayerNormCase extends Options {
  batch: number;
  rows: number;
  size: number;
}

type Contents = Record<string, Float32Array>;

/** Numbers for the real samples, poison for empty slots. */
function sampled(c: GroupNormCase, seed: number, map: (u: number) => number = (u) => u): Float32Array {
  const values = new Float32Array(new Uint32Array(c.instances * c.pixels * c.channels).fill(poison).buffer);
  values.set(numbers(c.count * c.instancesPerSample * c.pixels * c.channels, seed).map(map));
  return values;
}

const inputOf = (c: GroupNormCase) => sampled(c, 91, (u) => activate(c.inActivation, 2 * u) + (c.mean ?? 0));

/** A mean and an rstd for each unit. */
const someStatistics = (c: GroupNormCase) =>
  Float32Array.from(numbers(2 * c.instances * c.groups, 81), (u, i) => (i % 2 ? u + 1.05 : u + (c.mean ?? 0)));

/** For an element of x, its unit and the elements of that unit within its group. */
const unitOf = (c: GroupNormCase, at: number) =>
  Math.floor(at / c.channels / c.pixels) * c.groups + Math.floor(((at % c.channels) * c.groups) / c.channels);

const sizeOf = (c: GroupNormCase) => (c.pixels * c.channels) / c.groups;

function membersOf(c: GroupNormCase): number[][] {
  const members: number[][] = Array.from({ length: c.instances * c.groups }, () => []);
  for (let at = 0; at < c.instances * c.pixels * c.channels; at++) members[unitOf(c, at)]!.push(at);
  return members;
}

export function checkGroupNormForward(
  c: GroupNormCase,
  kernel: Kernel<GroupNormForwardShape> = groupNormForward,
): KernelCheck<GroupNormForwardShape> {
  const x = Float32Array.from(
    numbers(c.instances * c.pixels * c.channels, 91),
    (u) => (c.spread ?? 1) * u + (c.mean ?? 0),
  );
  return {
    kernel,
    shape: c,
    given: { x },
    twin: (inputs) => {
      const { x, gamma, beta, residual } = inputs as Contents;
      const { y, statistics } = reference.groupNormForward(c, { x: x!, gamma, beta, residual });
      const bound = new Float64Array(y.length);
      const ofStatistics = new Float64Array(statistics.length);
      const tolerance = isSmooth(c.activation) ? tolerances.activated : { sum: 0, result: 0, absolute: 0, reason: '' };
      const ofActivation = boundOf(tolerance, y, { terms: 1, magnitude: y.map(() => 0) });
      for (const [unit, places] of membersOf(c).entries()) {
        const values = places.map((at) => x![at]!);
        const moments = momentsBounds(values);
        const [mean, rstd] = [statistics[2 * unit]!, statistics[2 * unit + 1]!];
        // Relative to variance + epsilon, the error of M2 is twice the relative error of rstd; a division, a sum and an inverseSqrt
        // of 2 ulp are added.
        const share = (moments.m2 / values.length) * rstd ** 2 + 6 * anyUlp;
        ofStatistics.set([moments.mean, share * rstd], 2 * unit);
        for (const [i, at] of places.entries()) {
          const channel = at % c.channels;
          const [g, b, r] = [c.scale ? gamma![channel]! : 1, c.center ? beta![channel]! : 0, residual?.[at] ?? 0];
          const deviation = Math.abs(values[i]! - mean);
          const ofTerm = Math.abs(g) * rstd * (moments.mean + deviation * (share + 6 * anyUlp));
          // No activation has a slope above 1.
          bound[at] = ofTerm * (1 + share) + 3 * anyUlp * (Math.abs(b) + Math.abs(r)) + ofActivation[at]! + 2 ** -126;
        }
      }
      return { y: within(y, bound), ...(c.keepsStatistics && { statistics: within(statistics, ofStatistics) }) };
    },
  };
}

export function checkGroupNormBackwardX(
  c: GroupNormCase,
  kernel: Kernel<GroupNormBackwardXShape> = groupNormBackwardX,
): KernelCheck<GroupNormBackwardXShape> {
  return {
    kernel,
    shape: c,
    given: { x: inputOf(c), dy: sampled(c, 92), statistics: someStatistics(c), state: stateOf({ count: c.count }) },
    twin: (inputs) => {
      const { x, dy, statistics, gamma } = inputs as Contents;
      const { count } = c;
      const { dx } = reference.groupNormBackwardX(c, { x: x!, dy: dy!, statistics: statistics!, gamma, count });
      const magnitude = new Float64Array(dx.length);
      for (const [unit, places] of membersOf(c).entries()) {
        if (Math.floor(unit / c.groups) >= count * c.instancesPerSample) continue;
        const [mean, rstd] = [statistics![2 * unit]!, statistics![2 * unit + 1]!];
        const h = places.map((at) => Math.abs((c.scale ? gamma![at % c.channels]! : 1) * dy![at]!));
        const xhat = places.map((at) => Math.abs(x![at]! - mean) * rstd);
        const meanOf = (terms: number[]) => terms.reduce((a, b) => a + b, 0) / terms.length;
        const [ofH, ofProducts] = [meanOf(h), meanOf(h.map((value, i) => value * xhat[i]!))];
        for (const [i, at] of places.entries()) magnitude[at] = rstd * (h[i]! + ofH + xhat[i]! * ofProducts);
      }
      const terms = sizeOf(c) + 16;
      return { dx: within(dx, boundOf(tolerances.group_norm_backward_x, dx, { terms, magnitude })) };
    },
  };
}

export function checkGroupNormBackwardSums(
  c: GroupNormCase,
  kernel: Kernel<GroupNormBackwardSumsShape> = groupNormBackwardSums,
): KernelCheck<GroupNormBackwardSumsShape> {
  return {
    kernel,
    shape: c,
    given: { x: inputOf(c), dy: sampled(c, 92), statistics: someStatistics(c), state: stateOf({ count: c.count }) },
    twin: (inputs) => {
      const { x, dy, statistics } = inputs as Contents;
      const { count } = c;
      const exact = reference.groupNormBackwardSums(c, { x: x!, dy: dy!, statistics: statistics!, count });
      const size = reference.groupNormBackwardSums(c, {
        x: Float64Array.from(x!, (v, at) => Math.abs(v - statistics![2 * unitOf(c, at)]!)),
        dy: Float64Array.from(dy!, Math.abs),
        statistics: statistics!.map((v, i) => (i % 2 ? v : 0)),
        count,
      });
      const terms = Math.ceil((c.instances * c.pixels) / c.chunks) + 4;
      const bound = (name: 'dgamma' | 'dbeta') =>
        boundOf(tolerances.group_norm_backward_sums, exact[name], { terms, magnitude: size[name] });
      return { dgamma: within(exact.dgamma, bound('dgamma')), dbeta: within(exact.dbeta, bound('dbeta')) };
    },
  };
}

export const checkLayerNormForward = (c: LayerNormCase) => checkGroupNormForward(asGroupNorm(c), layerNormForward);
export const checkLayerNormBackwardX = (c: LayerNormCase) =>
  checkGroupNormBackwardX(asGroupNorm(c), layerNormBackwardX);
export const checkLayerNormBackwardSums = (c: LayerNormCase) =>
  checkGroupNormBackwardSums(asGroupNorm(c), layerNormBackwardSums);
