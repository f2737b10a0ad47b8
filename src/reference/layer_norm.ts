import type {
  LayerNormBackwardSumsShape,
  LayerNormBackwardXShape,
  LayerNormForwardShape,
} from '../kernels/layer_norm.ts';
import { activate, derivative } from './activation.ts';
import { normalizedGradient } from './norm.ts';

type Numbers = ArrayLike<number>;

/** y[r,i] = act(gamma[i] * (x[r,i] - mean[r]) * rstd[r] + beta[i] + residual[r,i]);  statistics[r] = mean, rstd = 1 / sqrt(variance + epsilon) */
export function layerNormForward(
  s: LayerNormForwardShape,
  {
    x,
    gamma,
    beta,
    residual,
  }: { x: Numbers; gamma?: Numbers | undefined; beta?: Numbers | undefined; residual?: Numbers | undefined },
): { y: Float64Array; statistics: Float64Array } {
  const rows = s.batch * s.rows;
  const y = new Float64Array(rows * s.size);
  const statistics = new Float64Array(2 * rows);
  for (let r = 0; r < rows; r++) {
    const row = Array.from({ length: s.size }, (_, i) => x[r * s.size + i]!);
    const mean = row.reduce((sum, value) => sum + value, 0) / s.size;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / s.size;
    const rstd = 1 / Math.sqrt(variance + s.epsilon);
    statistics.set([mean, rstd], 2 * r);
    for (const [i, value] of row.entries()) {
      const at = r * s.size + i;
      const z = (s.scale ? gamma![i]! : 1) * (value - mean) * rstd;
      y[at] = activate(s.activation, z + (s.center ? beta![i]! : 0) + (s.residual ? residual![at]! : 0));
    }
  }
  return { y, statistics };
}

/** dx[r,i] = act'(x[r,i]) * rstd[r] * (h[r,i] - mean of h - xhat[r,i] * mean of h xhat), h = gamma dy;  0 after `count` samples. */
export function layerNormBackwardX(
  s: LayerNormBackwardXShape,
  {
    x,
    dy,
    statistics,
    gamma,
    count,
  }: { x: Numbers; dy: Numbers; statistics: Numbers; gamma?: Numbers | undefined; count: number },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * s.rows * s.size);
  for (let r = 0; r < count * s.rows; r++) {
    const [mean, rstd] = [statistics[2 * r]!, statistics[2 * r + 1]!];
    const h = Array.from({ length: s.size }, (_, i) => (s.scale ? gamma![i]! : 1) * dy[r * s.size + i]!);
    const xhat = Array.from({ length: s.size }, (_, i) => (x[r * s.size + i]! - mean) * rstd);
    for (const [i, dz] of normalizedGradient(h, xhat, rstd!).entries()) {
      const at = r * s.size + i;
      dx[at] = s.inActivation === 'linear' ? dz : dz * derivative(s.inActivation, x[at]!);
    }
  }
  return { dx };
}

/** dgamma[k,i] = sum of dy[r,i] (x[r,i] - mean[r]) * rstd[r] over the rows r of chunk k;  dbeta[k,i] = sum of dy[r,i] over them */
export function layerNormBackwardSums(
  s: LayerNormBackwardSumsShape,
  { x, dy, statistics, count }: { x: Numbers; dy: Numbers; statistics: Numbers; count: number },
): { dgamma: Float64Array; dbeta: Float64Array } {
  const dgamma = new Float64Array(s.chunks * s.size);
  const dbeta = new Float64Array(s.chunks * s.size);
  const each = Math.ceil((s.batch * s.rows) / s.chunks);
  for (let r = 0; r < count * s.rows; r++) {
    for (let i = 0; i < s.size; i++) {
      const [at, to] = [r * s.size + i, Math.floor(r / each) * s.size + i];
      dgamma[to]! += dy[at]! * (x[at]! - statistics[2 * r]!) * statistics[2 * r + 1]!;
      dbeta[to]! += dy[at]!;
    }
  }
  return { dgamma, dbeta };
}
