export type Numbers = ArrayLike<number>;

/** The state of one tensor before an update. */
export interface Before {
  dw: Numbers;
  w: Numbers;
  /** Slots by name; all are initialized to zero. */
  slots: Readonly<Record<string, Numbers>>;
  /** Update number, from 1. */
  t: number;
  /** Rows and columns of the kernel if it is a matrix. */
  matrix?: readonly [number, number] | undefined;
}

export interface After {
  w: Float64Array;
  slots: Record<string, Float64Array>;
}

export interface RateAndDecay {
  learningRate: number;
  /** AdamW's weight decay: w -= lr weightDecay w before the step. */
  weightDecay?: number | undefined;
}

/**
 * Updates a tensor element by element.
 *
 * @param step returns the step of element i, which is subtracted from the decayed weight; it modifies the slots, which are copies.
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
