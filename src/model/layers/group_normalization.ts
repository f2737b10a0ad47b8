import * as v from 'valibot';
import { integer } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import { axisOf } from '../axis.ts';
import { checkWeightOptions, defineLayer } from '../layer.ts';
import { anyAxis, gammaAndBeta, normalizationOptions } from '../normalization.ts';

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance of each sample over the pixels and the
 * channels of a group: Keras' GroupNormalization. `groups` is 32 by default; -1 makes every channel a separate group.
 */
export const groupNormalizationLayer = defineLayer({
  type: 'groupNormalization',
  kerasName: 'group_normalization',
  role: 'normalization',
  schema: v.strictObject({
    type: v.literal('groupNormalization'),
    groups: v.optional(integer(-1), 32),
    axis: v.optional(anyAxis, -1),
    ...normalizationOptions,
  }),
  starter: { groups: 8 },
  check: checkWeightOptions,
  compile(config, [shape], subject) {
    const channels = shape!.at(-1)!;
    const groups = config.groups === -1 ? channels : config.groups;
    if (axisOf(subject, config.axis, shape!) !== shape!.length) {
      throw new ConfigurationError({
        what: `${subject} can only group the channels, the last axis`,
        found: `axis ${config.axis} of [batch, ${shape!.join(', ')}]`,
        expected: `axis -1, or ${shape!.length}`,
        place: ['axis'],
      });
    }
    if (groups < 1 || channels % groups !== 0) {
      throw new ConfigurationError({
        what: `${subject}: its groups don't divide the channels`,
        found: `${config.groups} groups, ${channels} channels`,
        expected: `a divisor of ${channels}, or -1 for one group per channel`,
        place: ['groups'],
      });
    }
    return { outputShape: [...shape!], weights: gammaAndBeta(config, [channels]), details: { groups } };
  },
});
