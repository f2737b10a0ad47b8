/** The gradient of the mean loss of some samples. */
export interface PartGradient {
  samples: number;
  /** |g|^2. */
  squares: number;
}

/** The estimate, from a batch and its parts, of the gradient of a single sample: its squared mean and its variance. */
export interface NoiseEstimate {
  /** tr(Sigma): how far single samples' gradients lie from the true one, squared. */
  covarianceTrace: number;
  /** |G|^2 of the true gradient. Unbiased, so it can be negative where the noise is larger. */
  squaredGradient: number;
}

/**
 * McCandlish et al. 2018, An Empirical Model of Large-Batch Training, appendix A.1: the gradient of b samples has
 * E|g|^2 = |G|^2 + tr(Sigma) / b, an equation for each size of batch, and two unknowns. The parts share the batch out
 * between them; where they are not equally large, their 1 / b is the mean of theirs. NaN with fewer than two parts.
 */
export function estimateNoise(whole: PartGradient, parts: readonly PartGradient[]): NoiseEstimate {
  const mean = (of: (part: PartGradient) => number) => parts.reduce((sum, part) => sum + of(part), 0) / parts.length;
  const excess = mean(({ squares }) => squares) - whole.squares;
  const covarianceTrace = excess / (mean(({ samples }) => 1 / samples) - 1 / whole.samples);
  return { covarianceTrace, squaredGradient: whole.squares - covarianceTrace / whole.samples };
}

/** How many samples each part of a batch has: as equal as can be, and none empty. */
export function sharesOf(samples: number, parts: number): number[] {
  const count = Math.min(parts, samples);
  return Array.from(
    { length: count },
    (_, i) => Math.floor(((i + 1) * samples) / count) - Math.floor((i * samples) / count),
  );
}

/**
 * The share that an average keeps at the next estimate: it goes back about ten. Single estimates of |G|^2 are mostly
 * noise, and the ratio of two averages is much less biased than the average of ratios (the same appendix).
 */
const memory = 0.9;

/** B_simple = tr(Sigma) / |G|^2, the two averaged over the estimates so far, the later the more. */
export class RunningNoise {
  private trace = 0;
  private squares = 0;
  private count = 0;

  /** One that isn't a number, of a bad step or of a batch of one, is left out. @returns the noise scale. */
  add({ covarianceTrace, squaredGradient }: NoiseEstimate): number {
    if (Number.isFinite(covarianceTrace) && Number.isFinite(squaredGradient)) {
      // Neither average is divided by the weights so far: they are the same, and only the ratio is wanted.
      this.trace = memory * this.trace + covarianceTrace;
      this.squares = memory * this.squares + squaredGradient;
      this.count++;
    }
    return this.scale;
  }

  /** In samples. Infinity where no gradient is to be seen for noise; NaN where there is neither. */
  get scale(): number {
    if (this.count === 0) return Number.NaN;
    if (this.squares > 0) return this.trace / this.squares;
    return this.trace > 0 ? Infinity : Number.NaN;
  }
}
