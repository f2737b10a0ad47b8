import { type After, type Before, elementwise, type RateAndDecay } from './tensor_update.ts';

export interface RmspropOptions extends RateAndDecay {
  rho: number;
  momentum: number;
  epsilon: number;
  centered: boolean;
}

/**
 * v = rho v + (1 - rho) dw*dw;  s = lr dw / sqrt(v + epsilon);  w -= s or, with momentum, m = momentum m + s, then w -= m
 *
 * Keras' form (keras/src/optimizers/rmsprop.py). If centered, a = rho a + (1 - rho) dw, and max(v - a*a, 0) replaces v.
 */
export function rmsprop(options: RmspropOptions, before: Before): After {
  const { learningRate, rho, momentum, epsilon, centered } = options;
  const { dw } = before;
  return elementwise(options, before, (i, { v, m, a }) => {
    const g = dw[i]!;
    v![i] = rho * v![i]! + (1 - rho) * g * g;
    if (centered) a![i] = rho * a![i]! + (1 - rho) * g;
    const spread = centered ? Math.max(v![i]! - a![i]! ** 2, 0) : v![i]!;
    const step = (learningRate * g) / Math.sqrt(spread + epsilon);
    if (!(momentum > 0)) return step;
    m![i] = momentum * m![i]! + step;
    return m![i]!;
  });
}
