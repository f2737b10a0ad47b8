import * as v from 'valibot';
import { ConfigurationError } from '../../errors.ts';
import type { OpDefinition } from '../op.ts';
import { oneOrMore, probability, samplingOf, samplingOptions } from './options.ts';

const both = (value: number | [number, number]): [number, number] =>
  typeof value === 'number' ? [value, value] : value;
/** A longer kernel would not end: four deviations on either side. */
const mostSigma = 100;

/**
 * torchvision.transforms.v2.ElasticTransform: every pixel is moved by noise in [-1, 1) that a Gaussian of deviation `sigma`
 * has smoothed, times `alpha` / 2 pixels. Two numbers are for x and y; of an image that is not square torchvision then
 * divides alpha for x by the height and multiplies it by the width, and the other way round for y, and so does this.
 *
 * The noise is made of the number that is drawn, so that the same number makes the same image again. The matrix that comes
 * with the draws knows nothing of it. Maps after it in the list cost a pass.
 */
const elasticTransform: OpDefinition = {
  type: 'elasticTransform',
  schema: v.strictObject({
    type: v.literal('elasticTransform'),
    alpha: v.optional(
      oneOrMore<[number, number]>([2], (n) => n >= 0, 'a number >= 0, or two of them, for x and y'),
      50,
    ),
    sigma: v.optional(
      oneOrMore<[number, number]>(
        [2],
        (n) => n >= 0 && n <= mostSigma,
        `a number of pixels from 0 to ${mostSigma}, or two of them, for x and y`,
      ),
      5,
    ),
    p: probability(1),
    ...samplingOptions,
  }),
  compile: ({ alpha, sigma, p, ...sampling }, { height, width }) => {
    const [x, y] = both(alpha);
    const deviations = both(sigma);
    if (deviations.includes(0) && deviations.some((s) => s > 0)) {
      throw new ConfigurationError({
        what: 'a Gaussian smooths along both axes or not at all',
        found: `sigma ${deviations.join(', ')}`,
        expected: 'two numbers above 0, or 0',
      });
    }
    return {
      code: 9,
      p,
      fields: [{ name: 'noise', draw: { from: 'integer', low: 0, high: 2 ** 24 - 1 } }],
      steps: [
        {
          kind: 'displace',
          sigma: deviations,
          scale: [(x * width) / (2 * height), (y * height) / (2 * width)],
          sampling: samplingOf(sampling),
        },
      ],
    };
  },
};

export const elastic: readonly OpDefinition[] = [elasticTransform];
