type Numbers = ArrayLike<number>;

/**
 * Fails unless |actual - expected| <= bound, element by element; `bound` is one number or one an element.
 *
 * @returns the worst difference as a share of its bound, for whoever keeps figures.
 * @throws Error that names the worst element, and how many others are off.
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
    // Equal is a share of nothing, even where nothing is allowed; equal infinities differ by NaN.
    const share = actual[i] === expected[i] ? 0 : difference / limit;
    // "not <=" so that a NaN fails, in the difference or in the bound.
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

/** The largest share of a bound among all comparisons that `compare` makes. @throws Error where one of them fails. */
export function largestShareOf(compare: () => void): number {
  largest = 0;
  compare();
  return largest;
}

/** Fails unless every element is the same number: for whole numbers, copies and repeated runs. */
export function expectSame(name: string, actual: Numbers, expected: Numbers): void {
  expectWithin(name, actual, expected, 0);
}
