import type { Model } from './graph.ts';
import type { Padding } from './layer.ts';

/**
 * The reference run: network, optimizer and augmentation of a well-known Keras tutorial on MNIST, as plain JSON for
 * `createTrainer`.
 */

/**
 * The tutorial's network for an image shape (height, width, channels) and a number of classes. Its convolutions have no
 * padding; images too small for that (8 x 8 digits) get `same`.
 */
export function tutorialModel(inputShape: Model['inputShape'] = [28, 28, 1], classes = 10): Model {
  // Two rounds of a 3x3 convolution and a 2x2 pool leave nothing of an image of fewer than ten pixels.
  const padding: Padding = Math.min(inputShape[0], inputShape[1]) < 10 ? 'same' : 'valid';
  const convolution = { type: 'conv2d' as const, kernelSize: 3, padding, activation: 'relu' as const };
  const pool = { type: 'maxPooling2d' as const, poolSize: 2 };
  return {
    inputShape,
    layers: [
      { ...convolution, filters: 32 },
      pool,
      { ...convolution, filters: 64 },
      pool,
      { type: 'flatten' as const },
      { type: 'dense' as const, units: 128, activation: 'relu' as const },
      { type: 'dense' as const, units: classes, activation: 'softmax' as const },
    ],
  };
}

/** The tutorial's arguments of ImageDataGenerator. A flip changes the meaning of digits, but the tutorial uses it. */
export const tutorialAugmentation = {
  /** Degrees. */
  rotationRange: 15,
  /** Fraction of the width. */
  widthShiftRange: 0.1,
  /** Fraction of the height. */
  heightShiftRange: 0.1,
  /** Degrees. */
  shearRange: 0.1,
  /** Zoom factors from 1 - zoomRange to 1 + zoomRange. */
  zoomRange: 0.1,
  /** Left to right, with probability 1/2. */
  horizontalFlip: true,
  /** How pixels outside the image are filled. */
  fillMode: 'nearest' as const,
  /** Factor that bytes are multiplied by. */
  rescale: 1 / 255,
};

export const tutorialEpochs = 10;
export const tutorialBatchSize = 32;
