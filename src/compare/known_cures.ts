import { augmentationPresets } from '../train/augmentation_presets.ts';
import type { Cure, CureList, SickNetwork } from './cures.ts';

/**
 * Plain SGD, so that clipping, the learning rate and the choice of optimizer can show their effect. Adam's division would hide much of it.
 */
const sgd = (learningRate: number) => ({ type: 'sgd', learningRate }) as const;

/** The probability that one of RandAugment's fourteen ops is among the two that it applies. */
const p = 1 / 7;
/**
 * RandAugment requires colors, so these are its ops for gray images, in its order, each as strong as at RandAugment's magnitude 9 of 30.
 */
const grayRandAugment = [
  { type: 'randomAffine', shear: [-5.1, 5.1, 0, 0], p },
  { type: 'randomAffine', shear: [0, 0, -5.1, 5.1], p },
  { type: 'randomAffine', translate: [0.136, 0], p },
  { type: 'randomAffine', translate: [0, 0.136], p },
  { type: 'randomAffine', degrees: 9, p },
  { type: 'colorJitter', brightness: 0.27, p },
  { type: 'colorJitter', contrast: 0.27, p },
  { type: 'randomAdjustSharpness', sharpnessFactor: 1.27, p },
  { type: 'randomPosterize', bits: 7, p },
  { type: 'randomSolarize', threshold: 178.5, p },
  { type: 'randomAutocontrast', p },
  { type: 'randomEqualize', p },
] as const;

const dense = { trainSamples: 1000, testSamples: 500, batchSize: 32, epochs: 8 };
/**
 * Twenty convolutions are slow on a software adapter, so batches are small, images are the digits' 8 x 8 pixels, and the number of filters
 * is halved.
 */
const convolutions = { dataset: 'digits', trainSamples: 240, testSamples: 160, batchSize: 8, epochs: 3 };
const narrow = { filtersTimes: 0.5 };
/**
 * With Keras' momentum of 0.99, the moving statistics used in validation need hundreds of steps to approach those of the images.
 */
const batchNormalization = { type: 'batchNormalization', momentum: 0.9 } as const;

/** Networks whose gradients vanish or explode, or are reputed to. */
const networks: SickNetwork[] = [
  {
    name: 'deep-sigmoid',
    words: 'ten dense sigmoid layers, Glorot',
    model: 'deep-sigmoid',
    optimizer: sgd(0.1),
    ...dense,
  },
  // A standard deviation of 0.05, the default of Keras' randomNormal, is 0.4 times the one that preserves a signal's size through
  // 64 units.
  {
    name: 'deep-tanh',
    words: 'ten dense tanh layers, weights of deviation 0.05',
    model: 'deep-sigmoid',
    change: { hidden: { activation: 'tanh', kernelInitializer: 'randomNormal' } },
    optimizer: sgd(0.1),
    ...dense,
  },
  {
    name: 'exploding-relu',
    words: "ten dense ReLU layers, weights twice He's scale",
    model: 'exploding-relu',
    optimizer: sgd(0.01),
    ...dense,
  },
  {
    name: 'plain20',
    words: 'nineteen convolutions without shortcuts, with batch normalization and ReLU',
    model: 'plain20',
    change: { hidden: narrow, normalization: batchNormalization },
    optimizer: sgd(0.1),
    ...convolutions,
  },
  {
    name: 'plain20-sigmoid',
    words: 'the same with sigmoid in place of ReLU',
    model: 'plain20',
    change: { hidden: { ...narrow, activation: 'sigmoid' }, normalization: batchNormalization },
    optimizer: sgd(0.1),
    ...convolutions,
  },
];

const cures: Cure[] = [
  {
    name: 'augmentation',
    words: "the tutorial's augmentation",
    change: { augmentation: augmentationPresets.tutorial },
  },
  { name: 'RandAugment', words: 'RandAugment', change: { augmentation: [{ type: 'randAugment' }] } },
  {
    name: 'gray RandAugment',
    words: "RandAugment's ops for gray images",
    change: { augmentation: grayRandAugment },
  },
  { name: 'heNormal', words: "He's initial weights", change: { hidden: { kernelInitializer: 'heNormal' } } },
  { name: 'lecunNormal', words: "LeCun's initial weights", change: { hidden: { kernelInitializer: 'lecunNormal' } } },
  { name: 'ReLU', words: 'ReLU in place of the activation', change: { hidden: { activation: 'relu' } } },
  {
    name: 'leaky ReLU',
    words: 'leaky ReLU in place of the activation',
    change: { hidden: { activation: 'leakyRelu' } },
  },
  { name: 'SELU', words: 'SELU in place of the activation', change: { hidden: { activation: 'selu' } } },
  {
    name: 'batch normalization',
    words: 'batch normalization before each activation, momentum 0.9',
    change: { normalization: batchNormalization },
  },
  {
    name: 'layer normalization',
    words: 'layer normalization before each activation',
    change: { normalization: { type: 'layerNormalization' } },
  },
  {
    name: 'group normalization',
    words: 'group normalization before each activation, 4 groups',
    change: { normalization: { type: 'groupNormalization', groups: 4 } },
  },
  { name: 'shortcuts', words: 'y = x + f(x) around each layer that keeps the shape', change: { shortcuts: true } },
  { name: 'clipnorm', words: "norm of each tensor's gradient at most 1", change: { clipnorm: 1 } },
  { name: 'clipvalue', words: 'each element of a gradient at most 0.1', change: { clipvalue: 0.1 } },
  { name: 'global clipnorm', words: 'norm of all gradients together at most 1', change: { globalClipnorm: 1 } },
  { name: 'smaller rate', words: 'a tenth of the learning rate', change: { learningRateTimes: 0.1 } },
  { name: 'warm-up', words: 'a learning rate that rises for 64 steps', change: { warmupSteps: 64 } },
  { name: 'Adam', words: 'Adam, learning rate 0.001', change: { optimizer: 'adam' } },
  { name: 'RMSprop', words: 'RMSprop, learning rate 0.001', change: { optimizer: 'rmsprop' } },
  { name: 'Muon', words: 'Muon, learning rate 0.05', change: { optimizer: 'muon' } },
  {
    name: 'input scaling',
    words: 'each image scaled to mean 0 and standard deviation 1',
    change: { standardize: true },
  },
  { name: 'label smoothing', words: 'label smoothing 0.1', change: { labelSmoothing: 0.1 } },
];

/** The networks and cures that `wgrad compare --cures` tests unless it is given a file. */
export const knownCures: CureList = { networks, cures };
