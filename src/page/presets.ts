import {
  type AugmentationConfig,
  aboutPreset,
  type Model,
  type PresetName,
  presetModel,
  presetNames,
  tutorialAugmentation,
} from '../index.ts';

type Make = (imageShape: Model['inputShape'], classes: number) => Model;

/** Models by name: made for images of a shape and a number of classes. */
export const modelPresets: Record<string, Make> = Object.fromEntries(
  presetNames.map((name): [string, Make] => [name, (imageShape, classes) => presetModel(name, imageShape, classes)]),
);

export const aboutModel = (name: string): string => aboutPreset(name as PresetName);

/** Augmentations by name. */
export const augmentationPresets: Record<string, AugmentationConfig> = {
  tutorial: tutorialAugmentation,
  none: { rescale: tutorialAugmentation.rescale },
};
