import * as v from 'valibot';
import { integer } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import {
  activation,
  checkWeightOptions,
  defineLayer,
  kernelAndBias,
  kernelOptions,
  layerOptions,
  trainable,
} from '../layer.ts';

/** x [batch, inputs] times kernel [inputs, units] plus bias [units]: Keras' Dense. */
export const denseLayer = defineLayer({
  type: 'dense',
  kerasName: 'dense',
  outputs: 'units',
  schema: v.strictObject({
    type: v.literal('dense'),
    units: integer(1),
    activation,
    ...kernelOptions,
    trainable,
    ...layerOptions,
  }),
  starter: { units: 64, activation: 'relu' },
  check: checkWeightOptions,
  compile(config, [shape], subject) {
    if (shape!.length !== 1) {
      throw new ConfigurationError({
        what: `${subject} needs a flat input`,
        found: shape,
        expected: '[units]',
        fix: 'put { "type": "flatten" } before it',
      });
    }
    return {
      outputShape: [config.units],
      weights: kernelAndBias(config, [shape![0]!, config.units]),
      activation: config.activation,
      details: {},
    };
  },
});
