import { type AugmentationConfig, type Model, tutorialAugmentation, tutorialModel } from '../index.ts';

/** Models by name: made for images of a shape and a number of classes. */
export const modelPresets: Record<string, (imageShape: Model['inputShape'], classes: number) => Model> = {
  tutorial: tutorialModel,
};

/** Augmentations by name. */
export const augmentationPresets: Record<string, AugmentationConfig> = {
  tutorial: tutorialAugmentation,
  none: { rescale: tutorialAugmentation.rescale },
};
