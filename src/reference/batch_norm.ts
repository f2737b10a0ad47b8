import type {
  BatchNormBackwardSumsShape,
  BatchNormBackwardXShape,
  BatchNormFoldShape,
  BatchNormForwardShape,
  BatchNormShape,
  BatchNormSumShape,
} from '../kernels/batch_norm.ts';
import { activate, derivative } from './activation.ts';

type Numbers = ArrayLike<number>;

export interface Statistics {
  mean: Numbers;
  variance: Numbers;
}

/** The rows of chunk k, limited to the batch's first `count` samples. */
function rowsOf(s: BatchNormSumShape, count: number, k: number): { first: number; end: number } {
  const each = Math.ceil((s.batch * s.pixels) / s.chunks);
  const first = Math.min(k * each, count * s.pixels);
  return { first, end: Math.min(first + each, count * s.pixels) };
}

/** partials[k,0,c] = mean of x[r,c] over the rows r of chunk k;  partials[k,1,c] = sum over them of (x[r,c] - mean)^2 */
export function batchNormStatistics(
  s: BatchNormSumShape,
  { x, count }: { x: Numbers; count: number },
): { partials: Float64Array } {
  const partials = new Float64Array(s.chunks * 2 * s.channels);
  for (let k = 0; k < s.chunks; k++) {
    const { first, end } = rowsOf(s, count, k);
    for (let c = 0; c < s.channels; c++) {
      let sum = 0;
      for (let r = first; r < end; r++) sum += x[r * s.channels + c]!;
      const mean = sum / Math.max(1, end - first);
      let squares = 0;
      for (let r = first; r < end; r++) squares += (x[r * s.channels + c]! - mean) ** 2;
      partials[2 * k * s.channels + c] = mean;
      partials[(2 * k + 1) * s.channels + c] = squares;
    }
  }
  return { partials };
}

/**
 * mean[c] = sum over k of n[k] mean[k,c] / n;  variance[c] = sum over k of (M2[k,c] + n[k] (mean[k,c] - mean[c])^2) / n
 *
 * The population variance, which Keras also uses for its moving variance; PyTorch's running_var is n / (n - 1) times larger.
 */
export function batchNormCombine(
  s: BatchNormSumShape,
  { partials, count }: { partials: Numbers; count: number },
): { mean: Float64Array; variance: Float64Array } {
  const n = Math.max(1, count * s.pixels);
  const mean = new Float64Array(s.channels);
  const variance = new Float64Array(s.channels);
  const chunks = Array.from({ length: s.chunks }, (_, k) => {
    const { first, end } = rowsOf(s, count, k);
    return { rows: end - first, at: 2 * k * s.channels };
  });
  for (let c = 0; c < s.channels; c++) {
    for (const { rows, at } of chunks) mean[c]! += (rows * partials[at + c]!) / n;
    for (const { rows, at } of chunks) {
      variance[c]! += (partials[at + s.channels + c]! + rows * (partials[at + c]! - mean[c]!) ** 2) / n;
    }
  }
  return { mean, variance };
}

/** Mean and population variance over the batch's first `count` samples. */
export function batchStatistics(
  s: BatchNormShape,
  { x, count }: { x: Numbers; count: number },
): { mean: Float64Array; variance: Float64Array } {
  const whole = { ...s, chunks: 1 };
  return batchNormCombine(whole, { ...batchNormStatistics(whole, { x, count }), count });
}

/** y[r,c] = act(gamma[c] * (x[r,c] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c] + residual[r,c]) */
export function batchNormForward(
  s: BatchNormForwardShape,
  {
    x,
    mean,
    variance,
    gamma,
    beta,
    residual,
  }: Statistics & {
    x: Numbers;
    gamma?: Numbers | undefined;
    beta?: Numbers | undefined;
    residual?: Numbers | undefined;
  },
): { y: Float64Array } {
  const y = new Float64Array(s.batch * s.pixels * s.channels);
  for (let i = 0; i < y.length; i++) {
    const c = i % s.channels;
    const xhat = (x[i]! - mean[c]!) / Math.sqrt(variance[c]! + s.epsilon);
    const z = (s.scale ? gamma![c]! : 1) * xhat + (s.center ? beta![c]! : 0) + (s.residual ? residual![i]! : 0);
    y[i] = activate(s.activation, z);
  }
  return { y };
}

/** moving[i] += (1 - momentum) * (statistics[i] - moving[i]) for one tensor. */
export function batchNormMove(
  s: { momentum: number },
  { statistics, moving }: { statistics: Numbers; moving: Numbers },
): { moving: Float64Array } {
  return { moving: Float64Array.from(moving, (value, i) => value + (1 - s.momentum) * (statistics[i]! - value)) };
}

/** dgamma[k,c] = sum of dy[r,c] (x[r,c] - mean[c]) / sqrt(variance[c] + epsilon), dbeta[k,c] = sum of dy[r,c], over r in chunk k */
export function batchNormBackwardSums(
  s: BatchNormBackwardSumsShape,
  { x, dy, mean, variance, count }: Statistics & { x: Numbers; dy: Numbers; count: number },
): { dgamma: Float64Array; dbeta: Float64Array } {
  const dgamma = new Float64Array(s.chunks * s.channels);
  const dbeta = new Float64Array(s.chunks * s.channels);
  for (let k = 0; k < s.chunks; k++) {
    const { first, end } = rowsOf(s, count, k);
    for (let r = first; r < end; r++) {
      for (let c = 0; c < s.channels; c++) {
        const i = r * s.channels + c;
        dgamma[k * s.channels + c]! += (dy[i]! * (x[i]! - mean[c]!)) / Math.sqrt(variance[c]! + s.epsilon);
        dbeta[k * s.channels + c]! += dy[i]!;
      }
    }
  }
  return { dgamma, dbeta };
}

/**
 * dx[r,c] = act'(x[r,c]) * gamma[c] * rstd[c] * (dy[r,c] - dbeta[c] / m - xhat[r,c] * dgamma[c] / m)
 *
 * If frozen: act' * gamma * rstd * dy. m is the number of rows of the batch's first `count` samples; dx is 0 for the others.
 */
export function batchNormBackwardX(
  s: BatchNormBackwardXShape,
  {
    x,
    dy,
    mean,
    variance,
    gamma,
    dgamma,
    dbeta,
    count,
  }: Statistics & {
    dy: Numbers;
    count: number;
    /** Not read if frozen, except for an activation's derivative. */
    x?: Numbers | undefined;
    gamma?: Numbers | undefined;
    dgamma?: Numbers | undefined;
    dbeta?: Numbers | undefined;
  },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * s.pixels * s.channels);
  const m = count * s.pixels;
  for (let i = 0; i < m * s.channels; i++) {
    const c = i % s.channels;
    const rstd = 1 / Math.sqrt(variance[c]! + s.epsilon);
    let dz = dy[i]!;
    if (!s.frozen) dz -= dbeta![c]! / m + ((x![i]! - mean[c]!) * rstd * dgamma![c]!) / m;
    dz *= (s.scale ? gamma![c]! : 1) * rstd;
    dx[i] = s.inActivation === 'linear' ? dz : dz * derivative(s.inActivation, x![i]!);
  }
  return { dx };
}

/** w_folded[r,c] = w[r,c] * factor[c];  b_folded[c] = (b[c] - mean[c]) * factor[c] + beta[c];  factor = gamma / sqrt(variance + epsilon) */
export function batchNormFold(
  s: BatchNormFoldShape,
  {
    w,
    mean,
    variance,
    b,
    gamma,
    beta,
  }: Statistics & { w: Numbers; b?: Numbers | undefined; gamma?: Numbers | undefined; beta?: Numbers | undefined },
): { w_folded: Float64Array; b_folded: Float64Array } {
  const factor = Float64Array.from(variance, (v, c) => (s.scale ? gamma![c]! : 1) / Math.sqrt(v + s.epsilon));
  return {
    w_folded: Float64Array.from(w, (value, i) => value * factor[i % s.channels]!),
    b_folded: factor.map((f, c) => ((s.useBias ? b![c]! : 0) - mean[c]!) * f + (s.center ? beta![c]! : 0)),
  };
}
