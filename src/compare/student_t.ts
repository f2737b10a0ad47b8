/**
 * Student's t for whole degrees of freedom, as intervals and paired tests need it, to the full precision of a float64. It uses a
 * series and a recurrence; a library's general incomplete beta function is a hundred times the code, all of it on the page.
 */

/**
 * P(|T| >= |t|) = I_x(n / 2, 1 / 2) at x = n / (n + t^2) (Abramowitz and Stegun 26.7.1 and 26.5.27).
 *
 * @param degreesOfFreedom a whole number from 1. @returns 0 to 1, small values with full precision; NaN for NaN.
 */
export function bothTails(t: number, degreesOfFreedom: number): number {
  const square = t * t;
  if (square === Infinity) return 0;
  const [x, rest] = [degreesOfFreedom / (degreesOfFreedom + square), square / (degreesOfFreedom + square)];
  const beta = betaWithHalf(degreesOfFreedom);
  // Near the middle the first series is slow, and subtracting from 1 loses no precision.
  if (square < 1) return 1 - incompleteBeta(rest, 0.5, x, degreesOfFreedom / 2) / beta;
  return incompleteBeta(x, degreesOfFreedom / 2, rest, 0.5) / beta;
}

/** The t that |T| exceeds with this probability, 1e-200 to 1: the inverse of `bothTails`. */
export function criticalT(tails: number, degreesOfFreedom: number): number {
  const beta = betaWithHalf(degreesOfFreedom);
  let t = 0;
  // The tails are convex in t, so Newton's steps approach the root from one side and never overshoot.
  for (;;) {
    const density =
      (1 + (t * t) / degreesOfFreedom) ** (-(degreesOfFreedom + 1) / 2) / (Math.sqrt(degreesOfFreedom) * beta);
    const next = t + (bothTails(t, degreesOfFreedom) - tails) / (2 * density);
    if (!(next > t * (1 + 2 ** -50))) return t;
    t = next;
  }
}

/** B(n / 2, 1 / 2), by recurrence from B(1 / 2, 1 / 2) or B(1, 1 / 2). */
function betaWithHalf(degreesOfFreedom: number): number {
  let beta = degreesOfFreedom % 2 ? Math.PI : 2;
  for (let n = degreesOfFreedom % 2 || 2; n < degreesOfFreedom; n += 2) beta *= n / (n + 1);
  return beta;
}

/** B_x(a, b) = x^a (1 - x)^b / a F(a + b, 1; a + 1; x), in which no term is negative (DLMF 8.17.8). @param rest 1 - x. */
function incompleteBeta(x: number, a: number, rest: number, b: number): number {
  let [term, sum] = [1, 0];
  for (let k = 1; term > sum * 2 ** -54; k++) {
    sum += term;
    term *= (x * (a + b + k - 1)) / (a + k);
  }
  return (sum * x ** a * rest ** b) / a;
}
