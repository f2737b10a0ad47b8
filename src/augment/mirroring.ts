import type { AugmentationConfig } from './pipeline.ts';

/** Arguments of ImageDataGenerator and ops that mirror an image or rotate it by quarter turns. */
const generatorArguments = ['horizontalFlip', 'verticalFlip'] as const;
const ops = ['randomHorizontalFlip', 'randomVerticalFlip', 'randomRotate90'];

/**
 * Finds the parts of an augmentation that mirror images or rotate them by quarter turns: argument names, or indices in the list of
 * ops.
 */
export function mirroringParts(augmentation: AugmentationConfig): (string | number)[] {
  if (Array.isArray(augmentation)) {
    return augmentation.flatMap(({ type, p }, at) => (ops.includes(type) && p !== 0 ? [at] : []));
  }
  const generator = augmentation as Exclude<AugmentationConfig, readonly unknown[]>;
  return generatorArguments.filter((name) => generator[name]);
}
