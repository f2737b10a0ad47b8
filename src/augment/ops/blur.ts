import * as v from 'valibot';
import source from '../../../shaders/augment/gaussian_blur.wgsl?raw';
import { ConfigurationError } from '../../errors.ts';
import type { FilterStep, OpDefinition } from '../op.ts';
import { drawnFrom, fixedOrRange, probability } from './options.ts';

const odd = v.pipe(
  v.number('an odd number'),
  v.check((n) => Number.isInteger(n) && n > 0 && n % 2 === 1, 'an odd number'),
);

/**
 * torchvision.transforms.v2.GaussianBlur with a kernel of `kernelSize` (a number, or [width, height]), a sigma for each image, and
 * mirrored borders. Columns and rows are filtered separately, because that reads fewer pixels; up to 3 x 3 the additional pass over
 * the image costs more than that saves.
 */
const gaussianBlur: OpDefinition = {
  type: 'gaussianBlur',
  schema: v.strictObject({
    type: v.literal('gaussianBlur'),
    kernelSize: v.union([odd, v.strictTuple([odd, odd])], 'an odd number, or two: [width, height]'),
    /** In pixels. */
    sigma: v.optional(fixedOrRange('sigma', 0.01), [0.1, 2]),
    p: probability(1),
  }),
  compile: ({ kernelSize, sigma, p }, { height, width }) => {
    const [across, down] = (typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize).map(
      (size: number) => (size - 1) / 2,
    ) as [number, number];
    if (across >= width || down >= height) {
      throw new ConfigurationError({
        what: 'kernelSize is too large for the image, which is mirrored at its border',
        found: kernelSize,
        expected: `at most [${2 * width - 1}, ${2 * height - 1}], for images of ${height} x ${width}`,
      });
    }
    const step = (x: number, y: number): FilterStep[] =>
      x + y === 0 ? [] : [{ kind: 'filter', call: 'gaussian_blur', args: [`vec2i(${x}, ${y})`] }];
    return {
      code: 48,
      p,
      fields: [{ name: 'sigma', draw: drawnFrom(sigma), identity: 0.01 }],
      steps: across <= 1 && down <= 1 ? step(across, down) : [...step(across, 0), ...step(0, down)],
      pixelSources: [source],
    };
  },
};

export const blur: readonly OpDefinition[] = [gaussianBlur];
