import type { DrawKey } from './draws.ts';
import { philox } from './random.ts';

const unitOf = (word: number) => ((word >>> 8) + 0.5) / 2 ** 24;

/** Random words of one attempt, which is counted in the upper half of the copy's word. */
function wordsOf({ seed, epoch, sample, copy = 0 }: DrawKey, purpose: number, attempt: number): number[] {
  return philox([sample, epoch, purpose, copy + attempt * 2 ** 16], [seed, 0]);
}

/** The logarithm of a gamma variate of shape a (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000). */
export function logGammaDraw(key: DrawKey, purpose: number, tries: number, a: number): number {
  const d = (a < 1 ? a + 1 : a) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  let result = Math.log(d);
  for (let i = 0; i < 16; i++) {
    const [u0, u1, u2] = wordsOf(key, purpose, tries + i + 1).map(unitOf) as [number, number, number];
    const x = Math.sqrt(-2 * Math.log(u0)) * Math.cos(2 * Math.PI * u1);
    const v = Math.max(1 + c * x, 0) ** 3;
    if (v > 0 && Math.log(u2) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      result = Math.log(d * v);
      break;
    }
  }
  return a < 1 ? result + Math.log(unitOf(wordsOf(key, purpose, tries + 17)[0]!)) / a : result;
}

/** Samples from Beta(a, a) as the fraction of one gamma variate in the sum of two. */
export function betaDraw(key: DrawKey, purpose: number, a: number): number {
  if (a === 1) return (wordsOf(key, purpose, 0)[0]! >>> 8) / 2 ** 24;
  return 1 / (1 + Math.exp(logGammaDraw(key, purpose, 32, a) - logGammaDraw(key, purpose, 0, a)));
}
