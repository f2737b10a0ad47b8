import {
  type AugmentationConfig,
  aboutPreset,
  type Model,
  type PresetName,
  presetModel,
  presetNames,
} from '../../index.ts';
import { augmentationPresets as sharedPresets } from '../../train/augmentation_presets.ts';
import { capitalized } from '../ui/capitalized.ts';

type Make = (imageShape: Model['inputShape'], classes: number) => Model;

/** Model presets by name: each makes a model for an image shape and a number of classes. */
export const modelPresets: Record<string, Make> = Object.fromEntries(
  presetNames.map((name): [string, Make] => [name, (imageShape, classes) => presetModel(name, imageShape, classes)]),
);

/** A sentence about a preset. */
export const aboutModel = (name: string): string => `${capitalized(aboutPreset(name as PresetName))}.`;

/** Augmentation presets by name, the command's first. Those that need colors report an error for gray images. */
export const augmentationPresets: Record<string, AugmentationConfig> = {
  ...sharedPresets,
  'handwriting: affine and elastic': [
    { type: 'randomAffine', degrees: 10, translate: [0.1, 0.1], scale: [0.9, 1.1], shear: 10 },
    { type: 'elasticTransform', alpha: 20, sigma: 4 },
  ],
  'photographs: shift, flip, light': [
    { type: 'randomAffine', translate: [0.12, 0.12], fillMode: 'mirror' },
    { type: 'randomHorizontalFlip' },
    { type: 'colorJitter', brightness: 0.2, contrast: 0.2 },
  ],
  'erasing and noise': [{ type: 'randomErasing' }, { type: 'gaussianNoise' }],
  mixUp: [{ type: 'mixUp', alpha: 0.4 }],
  cutMix: [{ type: 'cutMix' }],
  RandAugment: [{ type: 'randAugment' }],
  TrivialAugmentWide: [{ type: 'trivialAugmentWide' }],
  'AutoAugment for CIFAR-10': [{ type: 'autoAugment' }],
  AugMix: [{ type: 'augMix' }],
};
