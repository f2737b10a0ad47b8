import * as losses from '../kernels/further_losses.ts';
import * as kernels from '../kernels/further_optimizers.ts';
import { muon } from '../kernels/muon.ts';
import type { FilledLossOf, LossType } from '../model/losses/index.ts';
import type { OptimizerType } from '../model/optimizers/index.ts';
import type { Launch } from './losses/index.ts';
import { planMuon } from './muon.ts';
import type { BaseOptimizerType, UpdateNumbers } from './update.ts';

export { furtherSchedules } from '../kernels/further_schedules.ts';
export { planAccumulated } from './accumulation.ts';
export { planAverage, planPenalty, withPenalty } from './averages_and_penalties.ts';

/** The update kernels of all optimizers that are not in update.ts. Loaded only for runs that use one of them. */
export const furtherUpdates = {
  sgd: { kernel: kernels.sgd, numbers: ({ momentum, nesterov }) => ({ momentum, nesterov }) },
  nadam: { kernel: kernels.nadam, numbers: ({ beta1, beta2, epsilon }) => ({ beta1, beta2, epsilon }) },
  adamax: { kernel: kernels.adamax, numbers: ({ beta1, beta2, epsilon }) => ({ beta1, beta2, epsilon }) },
  rmsprop: {
    kernel: kernels.rmsprop,
    numbers: ({ rho, momentum, epsilon, centered }) => ({ rho, momentum, epsilon, centered }),
  },
  adagrad: {
    kernel: kernels.adagrad,
    numbers: ({ initialAccumulatorValue, epsilon }) => ({ initialAccumulatorValue, epsilon }),
  },
  lion: { kernel: kernels.lion, numbers: ({ beta1, beta2 }) => ({ beta1, beta2 }) },
  muon: {
    kernel: muon,
    numbers: ({ others, momentum, nesterov, adamLrRatio, adamBeta1, adamBeta2, epsilon }) => ({
      ...{ others, momentum, nesterov, adamLrRatio, adamBeta1, adamBeta2, epsilon },
      matrices: true,
    }),
    prepare: planMuon,
  },
} satisfies {
  [T in Exclude<OptimizerType, BaseOptimizerType>]: { kernel: unknown; numbers: UpdateNumbers<T>; prepare?: unknown };
};

const crossEntropy: Launch<{ labelSmoothing: number }> = ({ labelSmoothing }, size) => ({
  kernel: losses.categoricalCrossentropy,
  shape: { ...size, labelSmoothing },
});

/** The kernels of all losses, including their options and sample weights. */
export const furtherLosses: { [T in LossType]: Launch<FilledLossOf<T>> } = {
  sparseCategoricalCrossentropy: crossEntropy,
  categoricalCrossentropy: crossEntropy,
  categoricalFocalCrossentropy: ({ alpha, gamma, labelSmoothing }, size) => ({
    kernel: losses.categoricalFocalCrossentropy,
    shape: { ...size, alpha, gamma, labelSmoothing },
  }),
  binaryCrossentropy: ({ labelSmoothing }, size) => ({
    kernel: losses.binaryCrossentropy,
    shape: { ...size, labelSmoothing },
  }),
  meanSquaredError: (_, size) => ({ kernel: losses.meanSquaredError, shape: size }),
  meanAbsoluteError: (_, size) => ({ kernel: losses.meanAbsoluteError, shape: size }),
  huber: ({ delta }, size) => ({ kernel: losses.huber, shape: { ...size, delta } }),
};
