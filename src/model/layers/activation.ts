import * as v from 'valibot';
import { number } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import { activationNames, defaultNegativeSlope } from '../activations.ts';
import { defineLayer, layerOptions } from '../layer.ts';

/** y = activation(x), elementwise: Keras' Activation. A softmax is allowed only at the end of the model. */
export const activationLayer = defineLayer({
  type: 'activation',
  kerasName: 'activation',
  role: 'activation',
  schema: v.strictObject({
    type: v.literal('activation'),
    activation: v.picklist(activationNames),
    negativeSlope: v.optional(number(0)),
    ...layerOptions,
  }),
  starter: { activation: 'relu' },
  check({ activation, negativeSlope }, subject) {
    if (negativeSlope === undefined || activation === 'leakyRelu') return;
    throw new ConfigurationError({
      what: `${subject}: negativeSlope is an option of leakyRelu`,
      found: `negativeSlope with ${activation}`,
      expected: 'negativeSlope only together with "activation": "leakyRelu"',
      fix: 'leave negativeSlope out, or use leakyRelu',
    });
  },
  compile: ({ activation, negativeSlope = defaultNegativeSlope }, [shape]) => ({
    outputShape: [...shape!],
    activation: activation === 'leakyRelu' ? { name: 'leakyRelu', negativeSlope } : activation,
    details: {},
  }),
});
