import adamSource from '../../shaders/optimizers/adam.wgsl?raw';
import { type UpdateShape, updateKernel } from './update.ts';

// The optimizer that most users start with; further_optimizers.ts has all others.

export interface BetaShape extends UpdateShape {
  beta1: number;
  beta2: number;
}

export interface NadamShape extends BetaShape {
  epsilon: number;
}

export interface AdamShape extends NadamShape {
  amsgrad?: boolean | undefined;
}

export const adam = updateKernel<AdamShape>({
  name: 'adam',
  source: adamSource,
  slots: (s) => (s.amsgrad ? ['m', 'v', 'vHat'] : ['m', 'v']),
  flags: (s) => ({ amsgrad: s.amsgrad ?? false }),
  constants: (s) => ({ one_minus_beta1: 1 - s.beta1, one_minus_beta2: 1 - s.beta2, epsilon: s.epsilon }),
  flops: (s) => (s.amsgrad ? 12 : 11),
});
