import type {
  GroupNormBackwardSumsShape,
  GroupNormBackwardXShape,
  GroupNormForwardShape,
  GroupNormShape,
} from '../kernels/group_norm.ts';
import { activate, derivative } from './activation.ts';
import { normalizedGradient } from './norm.ts';

type Numbers = ArrayLike<number>;

/** Iterates over the units (n, g), with the indices of their elements in x and the channel of each. */
function* unitsOf(s: GroupNormShape): Generator<{ instance: number; unit: number; places: [at: number, c: number][] }> {
  const size = s.channels / s.groups;
  for (let n = 0; n < s.instances; n++) {
    for (let g = 0; g < s.groups; g++) {
      const places: [number, number][] = [];
      for (let p = 0; p < s.pixels; p++) {
        for (let c = g * size; c < (g + 1) * size; c++) places.push([(n * s.pixels + p) * s.channels + c, c]);
      }
      yield { instance: n, unit: n * s.groups + g, places };
    }
  }
}

/**
 * y[n,p,c] = act(gamma[c] * (x[n,p,c] - mean[n,g]) * rstd[n,g] + beta[c] + residual[n,p,c]);  statistics[n,g] = mean, rstd
 *
 * mean and rstd = 1 / sqrt(variance + epsilon) are over all pixels p and the channels c of group g, in instance n.
 */
export function groupNormForward(
  s: GroupNormForwardShape,
  {
    x,
    gamma,
    beta,
    residual,
  }: { x: Numbers; gamma?: Numbers | undefined; beta?: Numbers | undefined; residual?: Numbers | undefined },
): { y: Float64Array; statistics: Float64Array } {
  const y = new Float64Array(s.instances * s.pixels * s.channels);
  const statistics = new Float64Array(2 * s.instances * s.groups);
  for (const { unit, places } of unitsOf(s)) {
    const mean = places.reduce((sum, [at]) => sum + x[at]!, 0) / places.length;
    const variance = places.reduce((sum, [at]) => sum + (x[at]! - mean) ** 2, 0) / places.length;
    const rstd = 1 / Math.sqrt(variance + s.epsilon);
    statistics.set([mean, rstd], 2 * unit);
    for (const [at, c] of places) {
      const xhat = (x[at]! - mean) * rstd;
      const z = (s.scale ? gamma![c]! : 1) * xhat + (s.center ? beta![c]! : 0) + (s.residual ? residual![at]! : 0);
      y[at] = activate(s.activation, z);
    }
  }
  return { y, statistics };
}

/**
 * dx[n,p,c] = act'(x[n,p,c]) * rstd[n,g] * (h[n,p,c] - mean of h - xhat[n,p,c] * mean of h xhat),  h = gamma[c] * dy[n,p,c]
 *
 * dx is 0 after the batch's first `count` samples.
 */
export function groupNormBackwardX(
  s: GroupNormBackwardXShape,
  {
    x,
    dy,
    statistics,
    gamma,
    count,
  }: { x: Numbers; dy: Numbers; statistics: Numbers; gamma?: Numbers | undefined; count: number },
): { dx: Float64Array } {
  const dx = new Float64Array(s.instances * s.pixels * s.channels);
  for (const { instance, unit, places } of unitsOf(s)) {
    if (instance >= count * s.instancesPerSample) continue;
    const [mean, rstd] = [statistics[2 * unit]!, statistics[2 * unit + 1]!];
    const h = places.map(([at, c]) => (s.scale ? gamma![c]! : 1) * dy[at]!);
    const xhat = places.map(([at]) => (x[at]! - mean) * rstd);
    for (const [i, dz] of normalizedGradient(h, xhat, rstd!).entries()) {
      const [at] = places[i]!;
      dx[at] = s.inActivation === 'linear' ? dz : dz * derivative(s.inActivation, x[at]!);
    }
  }
  return { dx };
}

/** dgamma[k,c] = sum of dy[r,c] (x[r,c] - mean[n,g]) * rstd[n,g] over the rows r of chunk k;  dbeta[k,c] = sum of dy[r,c] over them */
export function groupNormBackwardSums(
  s: GroupNormBackwardSumsShape,
  { x, dy, statistics, count }: { x: Numbers; dy: Numbers; statistics: Numbers; count: number },
): { dgamma: Float64Array; dbeta: Float64Array } {
  const dgamma = new Float64Array(s.chunks * s.channels);
  const dbeta = new Float64Array(s.chunks * s.channels);
  const each = Math.ceil((s.instances * s.pixels) / s.chunks);
  for (let r = 0; r < count * s.instancesPerSample * s.pixels; r++) {
    for (let c = 0; c < s.channels; c++) {
      const unit = Math.floor(r / s.pixels) * s.groups + Math.floor((c * s.groups) / s.channels);
      const i = r * s.channels + c;
      const at = Math.floor(r / each) * s.channels + c;
      dgamma[at]! += dy[i]! * (x[i]! - statistics[2 * unit]!) * statistics[2 * unit + 1]!;
      dbeta[at]! += dy[i]!;
    }
  }
  return { dgamma, dbeta };
}
