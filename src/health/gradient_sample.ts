/** The gradient of a network on a fixed sample of the data, computed in parts of equal size, in float64. */

/** One array per tensor, accumulated in float64, because squares of vanishing float32 gradients would underflow. */
export type Gradient = readonly ArrayLike<number>[];

/**
 * Number of bins of a histogram of |gradient|: bin i covers [2^(i - 48), 2^(i - 47)); the first and last bins include everything
 * beyond.
 */
export const exponentBins = 64;
export const firstExponent = -48;

/** Mean of the gradients on parts of equal size, which is the gradient on all of them. */
export function meanGradient(parts: readonly Gradient[]): Float64Array[] {
  return parts[0]!.map((first, tensor) =>
    Float64Array.from(first, (_, i) => parts.reduce((sum, part) => sum + part[tensor]![i]!, 0) / parts.length),
  );
}

export const squaredNorm = (gradient: Gradient): number => dot(gradient, gradient);

/** Cosine of the angle between two gradients of the same shapes; NaN if one is zero or not finite. */
export function cosine(a: Gradient, b: Gradient): number {
  const between = dot(a, b) / Math.sqrt(squaredNorm(a)) / Math.sqrt(squaredNorm(b));
  return Number.isFinite(between) ? Math.max(-1, Math.min(1, between)) : Number.NaN;
}

/** Counts the elements by the binary exponent of their magnitude, and zeros separately; non-finite values are in no bin. */
export function exponentsOf(gradient: Gradient): { exponents: number[]; zeros: number } {
  const exponents = new Array<number>(exponentBins).fill(0);
  let zeros = 0;
  for (const tensor of gradient) {
    for (let i = 0; i < tensor.length; i++) {
      const size = Math.abs(tensor[i]!);
      if (size === 0) zeros++;
      else if (size < Infinity) exponents[binOf(size)]!++;
    }
  }
  return { exponents, zeros };
}

function binOf(size: number): number {
  let exponent = Math.floor(Math.log2(size));
  // The logarithm is rounded up just below a power of two.
  if (2 ** exponent > size) exponent--;
  return Math.max(0, Math.min(exponentBins - 1, exponent - firstExponent));
}

function dot(a: Gradient, b: Gradient): number {
  let sum = 0;
  a.forEach((tensor, t) => {
    const other = b[t]!;
    for (let i = 0; i < tensor.length; i++) sum += tensor[i]! * other[i]!;
  });
  return sum;
}
