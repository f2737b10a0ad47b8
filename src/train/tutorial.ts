/**
 * The run that everything here is measured by: the network, the optimizer and the augmentation of a well-known Keras
 * tutorial on MNIST, as the plain JSON that `createTrainer` takes.
 */
export const tutorialModel = {
  inputShape: [28, 28, 1] as [number, number, number],
  layers: [
    { type: 'conv2d' as const, filters: 32, kernelSize: 3, activation: 'relu' as const },
    { type: 'maxPooling2d' as const, poolSize: 2 },
    { type: 'conv2d' as const, filters: 64, kernelSize: 3, activation: 'relu' as const },
    { type: 'maxPooling2d' as const, poolSize: 2 },
    { type: 'flatten' as const },
    { type: 'dense' as const, units: 128, activation: 'relu' as const },
    { type: 'dense' as const, units: 10, activation: 'softmax' as const },
  ],
};

/** ImageDataGenerator's arguments there. The flip does not keep a digit's meaning; the tutorial has it all the same. */
export const tutorialAugmentation = {
  rotationRange: 15,
  widthShiftRange: 0.1,
  heightShiftRange: 0.1,
  shearRange: 0.1,
  zoomRange: 0.1,
  horizontalFlip: true,
  fillMode: 'nearest' as const,
  rescale: 1 / 255,
};

export const tutorialEpochs = 10;
export const tutorialBatchSize = 32;
