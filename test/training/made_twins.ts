import type { PairRecord, TwinRecord } from '../../src/index.ts';

interface Made {
  /** Loss of the last epoch; that of the first is 0.5 higher. */
  loss: number;
  norm: number;
  layers?: string[];
  epochs?: number;
}

const noise = { covarianceTrace: 8, squaredGradient: 2 };
const exponents = Array.from({ length: 64 }, (_, i) => (i === 40 ? 10 : i === 41 ? 5 : 0));

/** A twin's record of two epochs of four steps, with figures derived from a loss and a norm. */
export function madeTwin({ loss, norm, layers = ['dense'], epochs = 2 }: Made): TwinRecord {
  const steps = 4 * epochs;
  return {
    epochs: Array.from({ length: epochs }, (_, i) => {
      const more = i === epochs - 1 ? 0 : 0.5;
      return {
        loss: loss + more,
        accuracy: 0.75,
        plainLoss: loss + more - 0.125,
        plainAccuracy: 0.875,
        validationLoss: loss + more + 0.125,
        validationAccuracy: 0.625,
        skippedSteps: 0,
        transport: 0.25,
        sample: noise,
        layers: Object.fromEntries(
          layers.map((name) => [
            name,
            {
              gradientNorm: norm * 2 ** i,
              updateRatio: 1e-3,
              transport: 0.5,
              dead: 0,
              sample: { ...noise, exponents, zeros: 1 },
            },
          ]),
        ),
      };
    }),
    timeline: {
      stride: 1,
      loss: Array.from({ length: steps }, () => loss),
      logNorms: Object.fromEntries(layers.map((name) => [name, Array.from({ length: steps }, () => Math.log10(norm))])),
    },
    steps,
    verdicts: layers.map((layer) => ({
      layer,
      verdict: 'healthy',
      step: 1,
      epoch: 1,
      sentence: `${layer} is well`,
      remedy: '',
    })),
  };
}

/** Pairs, one per seed, with the losses and norms of A and B. */
export const madePairs = (twins: [Made, Made][]): PairRecord[] =>
  twins.map(([a, b], seed) => ({
    seed,
    a: madeTwin(a),
    b: madeTwin(b),
    cosines: Array.from({ length: 2 }, () => ({ whole: 0.5, layers: { dense: 0.25 } })),
  }));
