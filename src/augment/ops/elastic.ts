import * as v from 'valibot';
import { ConfigurationError } from '../../errors.ts';
import type { OpDefinition } from '../op.ts';
import { oneOrMore, probability, samplingOf, samplingOptions } from './options.ts';

const both = (value: number | [number, number]): [number, number] =>
  typeof value === 'number' ? [value, value] : value;
/** Limits the length of the kernel, which extends four standard deviations to either side. */
const mostSigma = 100;

/**
 * torchvision.transforms.v2.ElasticTransform: displaces every pixel by noise from [-1, 1), smoothed by a Gaussian of standard
 * deviation `sigma`, times `alpha` / 2 pixels. Two numbers are for x and y. For a non-square image, torchvision multiplies alpha
 * for x by width / height and alpha for y by height / width; so does this op.
 *
 * The noise is generated from the sampled number, so the same number reproduces the same image. The matrix returned with the
 * parameters does not include the displacement. Maps that follow in the list need an additional pass.
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
        what: 'sigma is 0 along only one axis',
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
