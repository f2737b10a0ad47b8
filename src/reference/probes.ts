type Numbers = ArrayLike<number>;

/**
 * bins[i] = number of g with 2^(i - 48) <= |g| < 2^(i - 47); the first and last bins include everything beyond, but zeros and
 * non-finite values are in none.
 */
export function exponentHistogram({ dw }: { dw: Numbers }): { bins: number[]; zeros: number; nonFinite: number } {
  const bins: number[] = Array(64).fill(0);
  let [zeros, nonFinite] = [0, 0];
  for (let i = 0; i < dw.length; i++) {
    const size = Math.abs(dw[i]!);
    if (!Number.isFinite(size)) nonFinite++;
    else if (size === 0) zeros++;
    else {
      // Found by comparison, because a logarithm may be off by an ulp at the powers of two.
      let bin = 0;
      while (bin < 63 && size >= 2 ** (bin - 47)) bin++;
      bins[bin]!++;
    }
  }
  return { bins, zeros, nonFinite };
}

/** dot = sum of g*h, squares = sum of g*g, otherSquares = sum of h*h */
export function gradientProducts({ dw, other }: { dw: Numbers; other: Numbers }): {
  dot: number;
  squares: number;
  otherSquares: number;
} {
  const sums = { dot: 0, squares: 0, otherSquares: 0 };
  for (let i = 0; i < dw.length; i++) {
    sums.dot += dw[i]! * other[i]!;
    sums.squares += dw[i]! * dw[i]!;
    sums.otherSquares += other[i]! * other[i]!;
  }
  return sums;
}

/** norms[n] = (sum over i of x[n,i]^2 + bias) * sum over o of (count * dy[n,o])^2, 0 after the batch's real samples */
export function sampleNorms(
  s: { batch: number; inputs: number; outputs: number; useBias: boolean; count: number },
  { x, dy }: { x: Numbers; dy: Numbers },
): { norms: Float64Array } {
  const norms = new Float64Array(s.batch);
  for (let n = 0; n < s.count; n++) {
    let [ofX, ofDelta] = [Number(s.useBias), 0];
    for (let i = 0; i < s.inputs; i++) ofX += x[n * s.inputs + i]! ** 2;
    for (let o = 0; o < s.outputs; o++) ofDelta += (s.count * dy[n * s.outputs + o]!) ** 2;
    norms[n] = ofX * ofDelta;
  }
  return { norms };
}
