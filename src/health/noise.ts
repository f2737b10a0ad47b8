/** The gradient of the mean loss over some samples. */
export interface PartGradient {
  samples: number;
  /** |g|^2. */
  squares: number;
}

/** Estimates of the mean and variance of a single sample's gradient, from a batch and its parts. */
export interface NoiseEstimate {
  /** tr(Sigma): expected squared distance of single samples' gradients from the true gradient. */
  covarianceTrace: number;
  /** |G|^2 of the true gradient. The estimate is unbiased, so it can be negative if the noise is larger. */
  squaredGradient: number;
}

/**
 * McCandlish et al. 2018, An Empirical Model of Large-Batch Training, appendix A.1: the gradient of b samples has E|g|^2 = |G|^2 +
 * tr(Sigma) / b. Two batch sizes give two equations with two unknowns. The parts partition the batch; if their sizes differ, their
 * mean 1 / b is used. NaN with fewer than two parts.
 */
export function estimateNoise(whole: PartGradient, parts: readonly PartGradient[]): NoiseEstimate {
  const mean = (of: (part: PartGradient) => number) => parts.reduce((sum, part) => sum + of(part), 0) / parts.length;
  const excess = mean(({ squares }) => squares) - whole.squares;
  const covarianceTrace = excess / (mean(({ samples }) => 1 / samples) - 1 / whole.samples);
  return { covarianceTrace, squaredGradient: whole.squares - covarianceTrace / whole.samples };
}

/** Sizes of the parts of a batch: as equal as possible, and none empty. */
export function sharesOf(samples: number, parts: number): number[] {
  const count = Math.min(parts, samples);
  return Array.from(
    { length: count },
    (_, i) => Math.floor(((i + 1) * samples) / count) - Math.floor((i * samples) / count),
  );
}

/**
 * Decay of the moving averages, which corresponds to about ten estimates. Single estimates of |G|^2 are mostly noise, and the ratio
 * of two averages has much less bias than the average of ratios (same appendix).
 */
const memory = 0.9;

/** B_simple = tr(Sigma) / |G|^2, each as a moving average over the estimates so far. */
export class RunningNoise {
  private trace = 0;
  private squares = 0;
  private count = 0;

  /** Adds an estimate; ignores NaN, which comes from a bad step or a batch of one sample. @returns the noise scale. */
  add({ covarianceTrace, squaredGradient }: NoiseEstimate): number {
    if (Number.isFinite(covarianceTrace) && Number.isFinite(squaredGradient)) {
      // The averages are not normalized by their total weights, which are equal and cancel in the ratio.
      this.trace = memory * this.trace + covarianceTrace;
      this.squares = memory * this.squares + squaredGradient;
      this.count++;
    }
    return this.scale;
  }

  /** Noise scale in samples. Infinity if the gradient can't be distinguished from noise; NaN if both are zero. */
  get scale(): number {
    if (this.count === 0) return Number.NaN;
    if (this.squares > 0) return this.trace / this.squares;
    return this.trace > 0 ? Infinity : Number.NaN;
  }
}
