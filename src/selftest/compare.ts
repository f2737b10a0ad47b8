type Numbers = ArrayLike<number>;

/**
 * Requires |actual - expected| <= bound for each element; `bound` is one number or one per element.
 *
 * @returns the largest difference as a fraction of its bound.
 * @throws Error with the worst element and the number of other elements out of bounds.
 */
export function expectWithin(name: string, actual: Numbers, expected: Numbers, bound: Numbers | number): number {
  for (const [other, length] of [
    ['expected', expected.length],
    ['bound', typeof bound === 'number' ? actual.length : bound.length],
  ] as const) {
    if (length !== actual.length) throw new Error(`${name}: ${actual.length} elements, but ${length} in ${other}`);
  }
  let worst = { share: -1, at: -1 };
  let off = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    const limit = typeof bound === 'number' ? bound : bound[i]!;
    // Equal values are within any bound, including 0; equal infinities would otherwise differ by NaN.
    const share = actual[i] === expected[i] ? 0 : difference / limit;
    // Written as !(share <= 1) so that NaN fails, in the difference or in the bound.
    if (!(share <= 1)) off++;
    if (worst.at < 0 || !(share <= worst.share)) {
      if (!Number.isNaN(worst.share)) worst = { share, at: i };
    }
  }
  largest = Math.max(largest, worst.share);
  if (off > 0) {
    const { at, share } = worst;
    const limit = typeof bound === 'number' ? bound : bound[at]!;
    throw new Error(
      `${name}[${at}] is ${actual[at]}, expected ${expected[at]}: off by ${share.toPrecision(3)} times the bound ` +
        `${limit.toPrecision(3)}, the worst of ${off} of ${actual.length} elements that are off`,
    );
  }
  return Math.max(0, worst.share);
}

let largest = 0;

/** The largest fraction of a bound among all comparisons in `compare`. @throws Error if one of them fails. */
export function largestShareOf(compare: () => void): number {
  largest = 0;
  compare();
  return largest;
}

/** Requires equal numbers in all elements: for integers, copies and repeated runs. */
export function expectSame(name: string, actual: Numbers, expected: Numbers): void {
  expectWithin(name, actual, expected, 0);
}
