import * as v from 'valibot';
import { integer, number } from '../check.ts';
import { initializer, layerOptions, regularizer, trainable, type WeightSpec, weightSpec } from './layer.ts';
import type { InitializerConfig, RegularizerConfig } from './weight_options.ts';

/** Options of every normalization; Keras' names and defaults. */
export const normalizationOptions = {
  /** Added to the variance. */
  epsilon: v.optional(number(0, Infinity, 'open'), 1e-3),
  /** True to add beta (`center`) and multiply by gamma (`scale`). */
  center: v.optional(v.boolean(), true),
  scale: v.optional(v.boolean(), true),
  betaInitializer: v.optional(initializer, 'zeros'),
  gammaInitializer: v.optional(initializer, 'ones'),
  betaRegularizer: v.optional(regularizer),
  gammaRegularizer: v.optional(regularizer),
  trainable,
  ...layerOptions,
};

export const anyAxis = integer(-Number.MAX_SAFE_INTEGER);

interface NormalizationConfig {
  center: boolean;
  scale: boolean;
  betaInitializer: InitializerConfig;
  gammaInitializer: InitializerConfig;
  betaRegularizer?: RegularizerConfig | undefined;
  gammaRegularizer?: RegularizerConfig | undefined;
  trainable: boolean;
}

/** gamma and beta of the given shape, in Keras' order, as far as the options request them. */
export function gammaAndBeta(config: NormalizationConfig, shape: number[]): WeightSpec[] {
  const { center, scale, gammaInitializer, gammaRegularizer, betaInitializer, betaRegularizer } = config;
  const gamma = { initializer: gammaInitializer, regularizer: gammaRegularizer };
  const beta = { initializer: betaInitializer, regularizer: betaRegularizer };
  return [
    ...(scale ? [weightSpec('gamma', shape, config, gamma)] : []),
    ...(center ? [weightSpec('beta', shape, config, beta)] : []),
  ];
}
