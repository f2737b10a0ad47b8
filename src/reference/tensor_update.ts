export type Numbers = ArrayLike<number>;

/** One tensor before an update. */
export interface Before {
  dw: Numbers;
  w: Numbers;
  /** By their names; all start at zero. */
  slots: Readonly<Record<string, Numbers>>;
  /** The number of the update, from 1. */
  t: number;
  /** Rows and columns of a kernel that is a matrix. */
  matrix?: readonly [number, number] | undefined;
}

export interface After {
  w: Float64Array;
  slots: Record<string, Float64Array>;
}

export interface RateAndDecay {
  learningRate: number;
  /** AdamW's: before the step w -= lr weightDecay w. */
  weightDecay?: number | undefined;
}

/**
 * Goes over a tensor element by element.
 *
 * @param step of element i, which is taken away from the decayed weight; it changes the slots, which are copies.
 */
export function elementwise(
  { learningRate, weightDecay = 0 }: RateAndDecay,
  { w, slots }: Before,
  step: (i: number, slots: Record<string, Float64Array>) => number,
): After {
  const after = Object.fromEntries(Object.entries(slots).map(([name, values]) => [name, Float64Array.from(values)]));
  return {
    w: Float64Array.from(w, (old, i) => old - learningRate * weightDecay * old - step(i, after)),
    slots: after,
  };
}
