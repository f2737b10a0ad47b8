import type { RunEvent } from '../../src/health/run_events.ts';
import type { LayerHealth, ProbeRecord, TensorHealth, Verdict } from '../../src/index.ts';

/** Synthetic events of two layers; the figures are exact in float32, so files preserve them. */

export const tensorHealth = (gradientNorm: number): TensorHealth => ({
  gradientNorm,
  gradientRms: gradientNorm / 4,
  gradientMax: gradientNorm / 2,
  weightNorm: 8,
  updateNorm: 2 ** -7,
  updateRatio: 2 ** -10,
});

export const layerHealth = (gradientNorm: number): LayerHealth => ({
  ...tensorHealth(gradientNorm),
  tensors: { kernel: tensorHealth(gradientNorm), bias: { ...tensorHealth(0.25), updateRatio: Number.NaN } },
  activation: { mean: 0.5, standardDeviation: 1, zeros: 0.75, saturated: 0 },
  units: 16,
  dead: 3,
  deltaRms: gradientNorm / 64,
  transport: 0.5,
  nonFinite: { activations: 0, deltas: 0, gradients: 0, weights: 0 },
});

export function stepOf(step: number, { norm = 1, bad = false } = {}): RunEvent {
  const [dense, last] = [layerHealth(bad ? Number.POSITIVE_INFINITY : norm), layerHealth(2)];
  delete last.transport;
  return {
    step: {
      step,
      epoch: 1,
      loss: bad ? Number.NaN : 1.5,
      accuracy: 0.25,
      samples: 32,
      skipped: bad,
      gradientNorms: { dense: dense.gradientNorm, 'a, "b"': 2 },
      health: {
        layers: { dense, 'a, "b"': last },
        transport: 0.5,
        ...(bad && { firstNonFinite: { layer: 'dense', pass: 'gradient' as const } }),
      },
    },
    epochSteps: 3,
    at: 1000 * step,
  };
}

export const verdictOf = (
  layer: string,
  verdict: Verdict['verdict'],
  step: number,
): RunEvent & { verdict: Verdict } => ({
  verdict: {
    layer,
    verdict,
    step,
    epoch: 1,
    sentence: `the sentence of ${layer}`,
    remedy: verdict === 'healthy' ? '' : 'a remedy',
  },
});

/** 4 zeros, 2 numbers in [1/4, 1/2), 3 in [1/2, 1). */
export function probeOf(step: number): { probe: ProbeRecord } {
  const exponents = Array<number>(64).fill(0);
  exponents[46] = 2;
  exponents[47] = 3;
  const figures = { cosineToLast: 0.5, covarianceTrace: 4, squaredGradient: 2, noiseScale: 2 };
  return {
    probe: { step, whole: figures, layers: { dense: { ...figures, exponents, zeros: 4, nonFinite: 0 } }, hardest: [] },
  };
}
