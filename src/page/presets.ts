import { type AugmentationConfig, type Model, presetModel, presetNames, tutorialAugmentation } from '../index.ts';

/** Models by name: made for images of a shape and a number of classes. */
export const modelPresets: Record<string, (imageShape: Model['inputShape'], classes: number) => Model> =
  Object.fromEntries(
    presetNames.map((name) => [name, (imageShape, classes) => presetModel(name, imageShape, classes)]),
  );

/** Augmentations by name. */
export const augmentationPresets: Record<string, AugmentationConfig> = {
  tutorial: tutorialAugmentation,
  none: { rescale: tutorialAugmentation.rescale },
};
