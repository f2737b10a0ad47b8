import { expect, test } from 'vitest';
import { mirroringParts } from '../../src/augment/mirroring.ts';
import type { AugmentationConfig } from '../../src/index.ts';
import { tutorialAugmentation } from '../../src/model/tutorial.ts';
import { augmentationPresets, handwritingAugmentation } from '../../src/train/augmentation_presets.ts';

test.each<[AugmentationConfig, (string | number)[]]>([
  [augmentationPresets.tutorial, ['horizontalFlip']],
  [augmentationPresets.handwriting, []],
  [augmentationPresets.none, []],
  [{ horizontalFlip: false, verticalFlip: true }, ['verticalFlip']],
  [[{ type: 'randomRotation', degrees: 15 }, { type: 'randomHorizontalFlip' }], [1]],
  [
    [{ type: 'randomVerticalFlip', p: 1 }, { type: 'randomHorizontalFlip', p: 0 }, { type: 'randomRotate90' }],
    [0, 2],
  ],
  [[{ type: 'randAugment' }, { type: 'randomAffine', degrees: 10 }], []],
  [[], []],
])('%j mirrors at %j', (augmentation, parts) => {
  expect(mirroringParts(augmentation)).toEqual(parts);
});

test('handwriting is the tutorial without its flip', () => {
  expect({ ...handwritingAugmentation, horizontalFlip: true }).toEqual(tutorialAugmentation);
  expect(handwritingAugmentation).not.toHaveProperty('horizontalFlip');
});
