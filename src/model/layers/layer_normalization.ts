import * as v from 'valibot';
import { ConfigurationError } from '../../errors.ts';
import { product } from '../../product.ts';
import { axisOf } from '../axis.ts';
import { checkWeightOptions, defineLayer } from '../layer.ts';
import { gammaAndBeta, normalizationOptions } from '../normalization.ts';

const axes = v.custom<number | readonly number[]>(
  (value) => (Array.isArray(value) ? value.length > 0 && value.every(Number.isInteger) : Number.isInteger(value)),
  'an axis, or a list of axes',
);

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance over the given axes, by default the last one:
 * Keras' LayerNormalization. The axes must be the last ones, without gaps: -1, [-2, -1] or [1, 2, 3] for images.
 */
export const layerNormalizationLayer = defineLayer({
  type: 'layerNormalization',
  kerasName: 'layer_normalization',
  role: 'normalization',
  schema: v.strictObject({
    type: v.literal('layerNormalization'),
    axis: v.optional(axes, -1),
    ...normalizationOptions,
  }),
  starter: {},
  check: checkWeightOptions,
  compile(config, [shape], subject) {
    const given = typeof config.axis === 'number' ? [config.axis] : [...config.axis];
    const sorted = [...new Set(given.map((axis) => axisOf(subject, axis, shape!)))].sort((a, b) => a - b);
    const first = sorted[0]!;
    if (sorted.length !== given.length || sorted.length !== shape!.length - first + 1) {
      throw new ConfigurationError({
        what: `${subject} can only normalize over the last axes, without gaps`,
        found: `axis ${JSON.stringify(config.axis)} of [batch, ${shape!.join(', ')}]`,
        expected: shape!.length === 1 ? '-1' : '-1, [-2, -1] or [-3, -2, -1]',
        place: ['axis'],
      });
    }
    const own = shape!.slice(first - 1);
    return {
      outputShape: [...shape!],
      weights: gammaAndBeta(config, own),
      details: { rows: product(shape!.slice(0, first - 1)), size: product(own) },
    };
  },
});
