import type { FillMode } from './op.ts';

/** A number for all images, or [low, high] to sample a number for each image. */
export type NumberOrRange = number | readonly [number, number];

/** Options common to all ops. */
export interface OpOptions {
  /** Probability that the op is applied to an image, 0 to 1. Default 1 unless the op documents another one. */
  p?: number | undefined;
}

/** Options of ops that move pixels. */
export interface SamplingOptions extends OpOptions {
  /** Interpolation between pixels. Default `'bilinear'`; `'nearest'` for randAugment, trivialAugmentWide and autoAugment. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
  /**
   * How points outside of the image are filled, in SciPy's names. `'gridConstant'` fades into `fill`; `'constant'` has a hard edge.
   * Default `'gridConstant'`.
   */
  fillMode?: FillMode | undefined;
  /** Gray level outside of the image, 0 to 255. Default 0. */
  fill?: number | undefined;
}

/** Options of the flips, `randomGrayscale`, `randomInvert`, `randomEqualize`, `randomAutocontrast` and `randomChannelPermutation`. */
export interface ProbabilityOptions {
  /**
   * Probability that the op is applied to an image, 0 to 1. Default 0.5; 0.1 for randomGrayscale, 1 for randomChannelPermutation.
   */
  p?: number | undefined;
}

/** Options of `randomCrop`. */
export interface RandomCropOptions extends OpOptions {
  /** Size of the crop in pixels: an integer from 1 to 4096, or [height, width]. */
  size: number | readonly [number, number];
  /**
   * Border around the image in pixels, >= 0: one number, [left and right, top and bottom], or [left, top, right, bottom]. Default
   * 0.
   */
  padding?: number | readonly [number, number] | readonly [number, number, number, number] | undefined;
  /** Pads an image that is smaller than `size` on both sides, by the missing number of pixels. Default false. */
  padIfNeeded?: boolean | undefined;
  /** Gray level of the border, 0 to 255. Default 0. */
  fill?: number | undefined;
  /**
   * How the border is filled: with `fill`, with the outermost pixels, or with the mirrored image, without or with its outermost
   * pixels. Default `'constant'`.
   */
  paddingMode?: 'constant' | 'edge' | 'reflect' | 'symmetric' | undefined;
}

/** Options of `randomResizedCrop`. */
export interface RandomResizedCropOptions extends OpOptions {
  /** Output size in pixels: an integer from 1 to 4096, or [height, width]. */
  size: number | readonly [number, number];
  /** Area of the crop as a fraction of the image, [low, high], above 0, at most 1. Default [0.08, 1]. */
  scale?: readonly [number, number] | undefined;
  /** Width / height of the crop, [low, high], sampled uniformly on a log scale. Default [3/4, 4/3]. */
  ratio?: readonly [number, number] | undefined;
  /** Interpolation used to resize the crop. Default `'bilinear'`. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
}

/** Options of `randomAffine`. */
export interface RandomAffineOptions extends SamplingOptions {
  /** Rotation in degrees, clockwise: x, >= 0, for [-x, x], or [low, high]. Default 0. */
  degrees?: NumberOrRange | undefined;
  /** Maximum shifts along x and y as fractions of width and height, 0 to 1. Default [0, 0]. */
  translate?: readonly [number, number] | undefined;
  /** Scale factor, [low, high], above 0; values above 1 magnify. Default [1, 1]. */
  scale?: readonly [number, number] | undefined;
  /**
   * Shear in degrees, -89 to 89: x for [-x, x] along x, [low, high] along x, or [low, high, low, high] along x and y. Default 0.
   */
  shear?: number | readonly [number, number] | readonly [number, number, number, number] | undefined;
  /** Center of rotation, [x, y] in pixels from the upper left corner. Default: the center of the image. */
  center?: readonly [number, number] | undefined;
}

/** Options of `randomRotation`. */
export interface RandomRotationOptions extends SamplingOptions {
  /** Rotation in degrees, counterclockwise: x, >= 0, for [-x, x], or [low, high]. */
  degrees: NumberOrRange;
  /** Center of rotation, [x, y] in pixels from the upper left corner. Default: the center of the image. */
  center?: readonly [number, number] | undefined;
}

/** Options of `randomPerspective`; `p` defaults to 0.5. */
export interface RandomPerspectiveOptions extends SamplingOptions {
  /** Maximum displacement of each corner towards the center, as a fraction of half the size, 0 to 1. Default 0.5. */
  distortionScale?: number | undefined;
}

/** Options of `randomRotate90`. */
export interface RandomRotate90Options extends OpOptions {
  /** Numbers of counterclockwise quarter turns to choose from, among 0, 1, 2 and 3. Default [0, 1, 2, 3]. */
  turns?: readonly number[] | undefined;
}

/** Options of `elasticTransform`. */
export interface ElasticTransformOptions extends SamplingOptions {
  /** Strength of the displacement, >= 0: smoothed noise from [-1, 1) times alpha / 2 pixels; one number, or [x, y]. Default 50. */
  alpha?: number | readonly [number, number] | undefined;
  /** Standard deviation in pixels of the Gaussian that smooths the noise, 0 to 100; one number, or [x, y]. Default 5. */
  sigma?: number | readonly [number, number] | undefined;
}

/** Options of `colorJitter`. A factor x stands for [max(0, 1 - x), 1 + x]. */
export interface ColorJitterOptions extends OpOptions {
  /** Brightness factor, >= 0. Default 0: unchanged. */
  brightness?: NumberOrRange | undefined;
  /** Contrast factor, >= 0. Default 0: unchanged. */
  contrast?: NumberOrRange | undefined;
  /** Saturation factor, >= 0. Default 0: unchanged. Needs three channels. */
  saturation?: NumberOrRange | undefined;
  /** Hue shift as a fraction of a full turn: x, 0 to 0.5, for [-x, x], or [low, high]. Default 0. Needs three channels. */
  hue?: NumberOrRange | undefined;
}

/** Options of `randomGamma`: 255 * gain * (x / 255)^gamma. */
export interface RandomGammaOptions extends OpOptions {
  /** Exponent, 0.001 to 1000; values above 1 darken. */
  gamma: NumberOrRange;
  /** Factor of the result, >= 0. Default 1. */
  gain?: NumberOrRange | undefined;
}

/** Options of `randomSolarize`; `p` defaults to 0.5. */
export interface RandomSolarizeOptions extends OpOptions {
  /** Gray level from which pixels are inverted, 0 to 256. Default 128. */
  threshold?: NumberOrRange | undefined;
}

/** Options of `randomPosterize`; `p` defaults to 0.5. */
export interface RandomPosterizeOptions extends OpOptions {
  /** Number of high bits of each byte to keep: an integer from 0 to 8. */
  bits: NumberOrRange;
}

/** Options of `randomAdjustSharpness`; `p` defaults to 0.5. */
export interface RandomAdjustSharpnessOptions extends OpOptions {
  /** Sharpness factor, >= 0: 0 blurs, 1 leaves the image unchanged, 2 sharpens. */
  sharpnessFactor: NumberOrRange;
}

/** Options of `randomChannelDrop`; `p` defaults to 0.5. */
export interface RandomChannelDropOptions extends OpOptions {
  /** Number of channels to replace by `fill`: an integer from 1 to the number of channels - 1. Default 1. */
  channels?: NumberOrRange | undefined;
  /** Gray level of a dropped channel, 0 to 255. Default 0. */
  fill?: number | undefined;
}

/** Options of `gaussianBlur`. */
export interface GaussianBlurOptions extends OpOptions {
  /** Kernel size in pixels: an odd number, or [width, height]. */
  kernelSize: number | readonly [number, number];
  /** Standard deviation in pixels, >= 0.01. Default [0.1, 2]. */
  sigma?: NumberOrRange | undefined;
}

/** Options of `gaussianNoise`, in fractions of white: 1 is a gray level of 255. */
export interface GaussianNoiseOpOptions extends OpOptions {
  /** Mean of the noise. Default 0. */
  mean?: number | undefined;
  /** Standard deviation of the noise, >= 0. Default 0.1. */
  sigma?: NumberOrRange | undefined;
  /** Clips gray levels to 0 to 255. Default true. */
  clip?: boolean | undefined;
}

/** Options of `saltAndPepper`. */
export interface SaltAndPepperOptions extends OpOptions {
  /** Fraction of the pixels that become white or black, 0 to 1. Default 0.05. */
  amount?: NumberOrRange | undefined;
  /** Fraction of those pixels that become white, 0 to 1. Default 0.5. */
  saltVsPepper?: NumberOrRange | undefined;
}

/** Replacement of erased pixels: a gray level, one per channel, or `'random'` for a random level for each channel of each pixel. */
export type ErasedValue = number | readonly number[] | 'random';

/** Options of `randomErasing`; `p` defaults to 0.5. */
export interface RandomErasingOptions extends OpOptions {
  /** Erased fraction of the image, [low, high], 0 to 1. Default [0.02, 0.33]. */
  scale?: readonly [number, number] | undefined;
  /** Height / width of the rectangle, [low, high], 0.001 to 1000. Default [0.3, 3.3]. */
  ratio?: readonly [number, number] | undefined;
  /** Replacement of the erased pixels. Default 0. */
  value?: ErasedValue | undefined;
}

/** Options of `cutout`. */
export interface CutoutOptions extends OpOptions {
  /** Side of the square in pixels: an integer from 1 to the shorter side of the image. */
  size: number;
  /** Replacement of the erased pixels. Default 0. */
  value?: ErasedValue | undefined;
}

/** Options of `gridMask`. */
export interface GridMaskOptions extends OpOptions {
  /** Size of a grid unit in pixels: an integer from 2 to the longer side of the image, or [low, high]. */
  d: NumberOrRange;
  /**
   * Fraction of a unit's rows and columns that are kept, above 0 and below 1; 2 ratio - ratio^2 of the image is kept. Default 0.6.
   */
  ratio?: number | undefined;
  /** Replacement of the erased pixels: a gray level, or one per channel. Default 0. */
  value?: number | readonly number[] | undefined;
}

/** Options of `mixUp` and `cutMix`, which must be the last op. */
export interface MixOptions extends OpOptions {
  /**
   * Parameter of Beta(alpha, alpha), from which the weight of the image itself is sampled, 0.01 to 100: 1 is uniform, small values
   * leave images nearly unmixed. Default 1.
   */
  alpha?: number | undefined;
}

/** Options of `trivialAugmentWide`: one op of random magnitude. */
export interface TrivialAugmentWideOptions extends SamplingOptions {
  /** Number of magnitudes from the weakest to the strongest: an integer from 2 to 100. Default 31. */
  numMagnitudeBins?: number | undefined;
}

/** Options of `randAugment`. */
export interface RandAugmentOptions extends TrivialAugmentWideOptions {
  /** Number of ops applied in sequence: an integer from 1 to 16. Default 2. */
  numOps?: number | undefined;
  /** Magnitude of each op: an integer from 0, the weakest, to `numMagnitudeBins` - 1. Default 9. */
  magnitude?: number | undefined;
}

/** Options of `autoAugment`: one of 25 pairs of ops that were learned on a data set. */
export interface AutoAugmentOptions extends SamplingOptions {
  /** The data set whose policy is used. Default `'cifar10'`, the only one. */
  policy?: 'cifar10' | undefined;
}

/** Options of `augMix`: several chains of ops, each applied to the original image, mixed with it. */
export interface AugMixOptions extends SamplingOptions {
  /** Magnitudes are sampled from the `severity` weakest of 10: an integer from 1 to 10. Default 3. */
  severity?: number | undefined;
  /** Number of chains: an integer from 1 to 8. Default 3. */
  mixtureWidth?: number | undefined;
  /** Number of ops per chain: an integer from 1 to 8, or -1 to sample 1 to 3 for each chain. Default -1. */
  chainDepth?: number | undefined;
  /** Parameter of the Beta and Dirichlet distributions of the mixing weights, 0.01 to 100. Default 1. */
  alpha?: number | undefined;
  /** Includes brightness, color, contrast and sharpness among the ops. Default true. */
  allOps?: boolean | undefined;
}

/**
 * The options of each op. Names, meanings and defaults are torchvision's unless a type says otherwise. Gray levels are 0 to 255.
 */
export interface OpOptionsByType {
  /** Crops the image at a random whole-pixel position. */
  randomCrop: RandomCropOptions;
  /** Crops a part of random area and aspect ratio, and resizes it. */
  randomResizedCrop: RandomResizedCropOptions;
  /** Flips left to right. */
  randomHorizontalFlip: ProbabilityOptions;
  /** Flips upside down. */
  randomVerticalFlip: ProbabilityOptions;
  /** Shears, scales, rotates and shifts. */
  randomAffine: RandomAffineOptions;
  /** Rotates. */
  randomRotation: RandomRotationOptions;
  /** Moves the corners towards the center. */
  randomPerspective: RandomPerspectiveOptions;
  /** Rotates by quarter turns, as Albumentations' RandomRotate90. */
  randomRotate90: RandomRotate90Options;
  /** Displaces every pixel by smooth noise. */
  elasticTransform: ElasticTransformOptions;
  /** Changes brightness, contrast, saturation and hue, in a random order. */
  colorJitter: ColorJitterOptions;
  /** Raises the gray levels to a power. */
  randomGamma: RandomGammaOptions;
  /** Converts colors to gray; needs three channels. */
  randomGrayscale: ProbabilityOptions;
  /** Inverts gray levels: 255 - x. */
  randomInvert: ProbabilityOptions;
  /** Inverts bright pixels. */
  randomSolarize: RandomSolarizeOptions;
  /** Keeps the highest bits of each byte. */
  randomPosterize: RandomPosterizeOptions;
  /** Equalizes the histogram of each channel. */
  randomEqualize: ProbabilityOptions;
  /** Stretches each channel to the range 0 to 255. */
  randomAutocontrast: ProbabilityOptions;
  /** Blurs or sharpens. */
  randomAdjustSharpness: RandomAdjustSharpnessOptions;
  /** Permutes the channels at random. */
  randomChannelPermutation: ProbabilityOptions;
  /** Replaces some channels with a fixed gray level, as Albumentations' ChannelDropout. */
  randomChannelDrop: RandomChannelDropOptions;
  /** Blurs with a Gaussian. */
  gaussianBlur: GaussianBlurOptions;
  /** Adds normal noise to each channel of each pixel. */
  gaussianNoise: GaussianNoiseOpOptions;
  /** Makes some pixels white or black, as Kornia's RandomSaltAndPepperNoise. */
  saltAndPepper: SaltAndPepperOptions;
  /** Erases a rectangle. */
  randomErasing: RandomErasingOptions;
  /** Erases a square of a fixed size (DeVries and Taylor 2017). */
  cutout: CutoutOptions;
  /** Erases the squares of a grid (Chen et al. 2020). */
  gridMask: GridMaskOptions;
  /** Several ops of the same magnitude (Cubuk et al. 2020). */
  randAugment: RandAugmentOptions;
  /** One op of random magnitude (Müller and Hutter 2021). */
  trivialAugmentWide: TrivialAugmentWideOptions;
  /** A learned policy (Cubuk et al. 2019). */
  autoAugment: AutoAugmentOptions;
  /** Chains of ops, mixed with the original (Hendrycks et al. 2020). */
  augMix: AugMixOptions;
  /** Blends an image and its label with those of another image (Zhang et al. 2018). */
  mixUp: MixOptions;
  /** Replaces a box of an image with that of another image, and mixes the labels by area (Yun et al. 2019). */
  cutMix: MixOptions;
}

/** The type of an op. */
export type OpType = keyof OpOptionsByType;

/** An op of one type as plain JSON: its `type` and its options. */
export type OpConfigOf<T extends OpType> = { type: T } & OpOptionsByType[T];

/** An op of a pipeline as plain JSON: its `type` and its options. */
export type OpConfig = { [T in OpType]: OpConfigOf<T> }[OpType];
