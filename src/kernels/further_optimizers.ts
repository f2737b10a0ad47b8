import nadamMomentum from '../../shaders/lib/nadam_momentum.wgsl?raw';
import adagradSource from '../../shaders/optimizers/adagrad.wgsl?raw';
import adamaxSource from '../../shaders/optimizers/adamax.wgsl?raw';
import lionSource from '../../shaders/optimizers/lion.wgsl?raw';
import nadamSource from '../../shaders/optimizers/nadam.wgsl?raw';
import rmspropSource from '../../shaders/optimizers/rmsprop.wgsl?raw';
import sgdSource from '../../shaders/optimizers/sgd.wgsl?raw';
import type { BetaShape, NadamShape } from './optimizers.ts';
import { type UpdateShape, updateKernel } from './update.ts';

export const nadam = updateKernel<NadamShape>({
  name: 'nadam',
  source: nadamSource + nadamMomentum,
  slots: () => ['m', 'v'],
  constants: (s) => ({
    beta1: s.beta1,
    one_minus_beta1: 1 - s.beta1,
    one_minus_beta2: 1 - s.beta2,
    epsilon: s.epsilon,
  }),
  flops: () => 14,
});

export const adamax = updateKernel<NadamShape>({
  name: 'adamax',
  source: adamaxSource,
  slots: () => ['m', 'u'],
  constants: (s) => ({ one_minus_beta1: 1 - s.beta1, beta2: s.beta2, epsilon: s.epsilon }),
  flops: () => 10,
});

export const lion = updateKernel<BetaShape>({
  name: 'lion',
  source: lionSource,
  slots: () => ['m'],
  constants: (s) => ({
    beta1: s.beta1,
    one_minus_beta1: 1 - s.beta1,
    beta2: s.beta2,
    one_minus_beta2: 1 - s.beta2,
  }),
  flops: () => 9,
});

export interface RmspropShape extends UpdateShape {
  rho: number;
  momentum: number;
  epsilon: number;
  centered: boolean;
}

export const rmsprop = updateKernel<RmspropShape>({
  name: 'rmsprop',
  source: rmspropSource,
  slots: (s) => ['v', ...(s.momentum > 0 ? ['m'] : []), ...(s.centered ? ['a'] : [])],
  flags: (s) => ({ has_momentum: s.momentum > 0, centered: s.centered }),
  constants: (s) => ({
    one_minus_rho: 1 - s.rho,
    epsilon: s.epsilon,
    ...(s.momentum > 0 && { momentum: s.momentum }),
  }),
  flops: (s) => 9 + (s.momentum > 0 ? 2 : 0) + (s.centered ? 6 : 0),
});

export interface AdagradShape extends UpdateShape {
  initialAccumulatorValue: number;
  epsilon: number;
}

export const adagrad = updateKernel<AdagradShape>({
  name: 'adagrad',
  source: adagradSource,
  slots: () => ['v'],
  constants: (s) => ({ initial: s.initialAccumulatorValue, epsilon: s.epsilon }),
  flops: () => 8,
});

export interface SgdShape extends UpdateShape {
  momentum: number;
  nesterov: boolean;
}

export const sgd = updateKernel<SgdShape>({
  name: 'sgd',
  source: sgdSource,
  slots: (s) => (s.momentum > 0 ? ['v'] : []),
  flags: (s) => ({ has_momentum: s.momentum > 0, nesterov: s.nesterov }),
  constants: (s): Record<string, number> => (s.momentum > 0 ? { momentum: s.momentum } : {}),
  flops: (s) => (s.momentum > 0 ? 4 : 2),
});
