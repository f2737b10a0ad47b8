import { expect, test } from 'vitest';
import { definitions } from '../../src/augment/ops/index.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';

/** A value for each option that has no default. */
const required: Record<string, object> = {
  randomCrop: { size: 6 },
  randomResizedCrop: { size: 6 },
  randomRotation: { degrees: 10 },
  randomGamma: { gamma: 2 },
  randomPosterize: { bits: 4 },
  randomAdjustSharpness: { sharpnessFactor: 2 },
  gaussianBlur: { kernelSize: 3 },
  cutout: { size: 3 },
  gridMask: { d: 4 },
};

// The random numbers of an op depend on its code: a run that is repeated or resumed with another code gets other images.
test('the codes of the ops never change', () => {
  const codes = Object.fromEntries(
    [...definitions.keys()].map((type) => {
      const [op] = parseAugmentation([{ type, ...required[type] }], [8, 8, 3]).ops;
      return [type, op!.code];
    }),
  );
  expect(codes).toEqual({
    randomHorizontalFlip: 2,
    randomVerticalFlip: 3,
    randomAffine: 4,
    randomCrop: 5,
    randomResizedCrop: 6,
    randomRotation: 7,
    randomPerspective: 8,
    elasticTransform: 9,
    randomRotate90: 10,
    randomInvert: 16,
    randomSolarize: 17,
    colorJitter: 18,
    randomGamma: 19,
    randomGrayscale: 20,
    randomPosterize: 21,
    randomEqualize: 22,
    randomAutocontrast: 23,
    randomAdjustSharpness: 24,
    randomChannelPermutation: 25,
    randomChannelDrop: 26,
    gaussianBlur: 48,
    gaussianNoise: 49,
    saltAndPepper: 50,
    randomErasing: 51,
    cutout: 52,
    gridMask: 53,
    randAugment: 80,
    trivialAugmentWide: 81,
    autoAugment: 82,
    augMix: 83,
    mixUp: 96,
    cutMix: 97,
  });
  expect(new Set(Object.values(codes)).size).toBe(definitions.size);
});
