export interface LossScale {
  scale: number;
  /** Updates since the scale last changed. */
  good: number;
}

/**
 * skipped for its gradients: scale = scale / 2, good = 0;  otherwise good = good + 1 and, once it is `growthInterval`, scale = 2 scale, good = 0
 *
 * @param step what happened in it: `'overflow'` if only gradients were not finite, `'bad'` if the loss was not.
 * @returns the state after the step, and whether the step counts as bad.
 */
export function adaptLossScale(
  { growthInterval, largest }: { growthInterval: number; largest: number },
  { scale, good }: LossScale,
  step: 'finite' | 'overflow' | 'bad',
): LossScale & { isBad: boolean } {
  if (step === 'finite') {
    const grown = good + 1;
    if (grown < growthInterval) return { scale, good: grown, isBad: false };
    return { scale: Math.min(2 * scale, Math.max(scale, largest)), good: 0, isBad: false };
  }
  const halves = step === 'overflow' && scale > 1;
  return { scale: halves ? scale / 2 : scale, good: 0, isBad: !halves };
}
