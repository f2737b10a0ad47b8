import type { AugmentationConfig } from './pipeline.ts';

/** Arguments of ImageDataGenerator and ops that mirror an image or turn it on its side. */
const generatorArguments = ['horizontalFlip', 'verticalFlip'] as const;
const ops = ['randomHorizontalFlip', 'randomVerticalFlip', 'randomRotate90'];

/** Where an augmentation mirrors images or turns them on their side: names of arguments, or places in the list of ops. */
export function mirroringParts(augmentation: AugmentationConfig): (string | number)[] {
  if (Array.isArray(augmentation)) {
    return augmentation.flatMap(({ type, p }, at) => (ops.includes(type) && p !== 0 ? [at] : []));
  }
  const generator = augmentation as Exclude<AugmentationConfig, readonly unknown[]>;
  return generatorArguments.filter((name) => generator[name]);
}
