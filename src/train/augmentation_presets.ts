import type { AugmentationConfig } from '../augment/pipeline.ts';
import { tutorialAugmentation } from '../model/tutorial.ts';

const { horizontalFlip: _, ...unmirrored } = tutorialAugmentation;

/** The tutorial's arguments without its flip, which would turn digits and letters into other shapes. */
export const handwritingAugmentation = unmirrored;

/** Augmentations that the command and the page call by the same names. */
export const augmentationPresets = {
  tutorial: tutorialAugmentation,
  handwriting: handwritingAugmentation,
  none: { rescale: tutorialAugmentation.rescale },
} satisfies Record<string, AugmentationConfig>;

export type AugmentationPresetName = keyof typeof augmentationPresets;

export const augmentationPresetNames = Object.keys(augmentationPresets) as AugmentationPresetName[];
