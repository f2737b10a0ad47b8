import type { AugmentationConfig } from '../augment/pipeline.ts';
import { tutorialAugmentation } from '../model/tutorial.ts';

const { horizontalFlip: _, ...unmirrored } = tutorialAugmentation;

/** The tutorial's arguments without the flip, which changes the shape of digits and letters. */
export const handwritingAugmentation = unmirrored;

/** Augmentations by the names that the command and the page use. */
export const augmentationPresets = {
  tutorial: tutorialAugmentation,
  handwriting: handwritingAugmentation,
  none: { rescale: tutorialAugmentation.rescale },
} satisfies Record<string, AugmentationConfig>;

export type AugmentationPresetName = keyof typeof augmentationPresets;

export const augmentationPresetNames = Object.keys(augmentationPresets) as AugmentationPresetName[];
