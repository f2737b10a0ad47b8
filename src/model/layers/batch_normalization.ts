import * as v from 'valibot';
import { number } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import { axisOf } from '../axis.ts';
import { checkWeightOptions, defineLayer, initializer, weightSpec } from '../layer.ts';
import { anyAxis, gammaAndBeta, normalizationOptions } from '../normalization.ts';

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance of each channel over the batch's real samples
 * and pixels: Keras' BatchNormalization. Inference, and a layer with `trainable: false`, use the moving statistics. Every step that is not
 * skipped updates them: moving += (batch - moving) * (1 - momentum), with the biased variance (divided by n), as in Keras; PyTorch's
 * running_var uses the unbiased one (divided by n - 1).
 */
export const batchNormalizationLayer = defineLayer({
  type: 'batchNormalization',
  kerasName: 'batch_normalization',
  role: 'normalization',
  inferenceDiffers: true,
  schema: v.strictObject({
    type: v.literal('batchNormalization'),
    axis: v.optional(anyAxis, -1),
    momentum: v.optional(number(0, 1), 0.99),
    ...normalizationOptions,
    movingMeanInitializer: v.optional(initializer, 'zeros'),
    movingVarianceInitializer: v.optional(initializer, 'ones'),
  }),
  starter: {},
  check: checkWeightOptions,
  compile(config, [shape], subject) {
    const at = axisOf(subject, config.axis, shape!);
    if (at !== shape!.length) {
      throw new ConfigurationError({
        what: `${subject} can only normalize over the channels, the last axis`,
        found: `axis ${config.axis} of [batch, ${shape!.join(', ')}]`,
        expected: `axis -1, or ${shape!.length}`,
        place: ['axis'],
      });
    }
    const channels = [shape!.at(-1)!];
    const { movingMeanInitializer, movingVarianceInitializer, momentum } = config;
    const moving = (name: string, statistic: 'mean' | 'variance', initializer: typeof movingMeanInitializer) => ({
      ...weightSpec(name, channels, { trainable: false }, { initializer }),
      statistic,
      ...(config.trainable && { momentum }),
    });
    return {
      outputShape: [...shape!],
      weights: [
        ...gammaAndBeta(config, channels),
        moving('movingMean', 'mean', movingMeanInitializer),
        moving('movingVariance', 'variance', movingVarianceInitializer),
      ],
      details: {},
    };
  },
});
