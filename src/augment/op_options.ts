import type { FillMode } from './op.ts';

/** A number for all images, or [low, high] from which each image draws its own. */
export type NumberOrRange = number | readonly [number, number];

/** Options of every op. */
export interface OpOptions {
  /** Probability that the op is applied to an image, 0 to 1. 1 by default, except where an op says otherwise. */
  p?: number | undefined;
}

/** Options of ops that move pixels. */
export interface SamplingOptions extends OpOptions {
  /** How an image is sampled between its pixels; `'bilinear'` by default, `'nearest'` of randAugment, trivialAugmentWide and autoAugment. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
  /** How points outside are filled, SciPy's names. `'gridConstant'`, the default, fades into `fill`; `'constant'` has a hard edge. */
  fillMode?: FillMode | undefined;
  /** The grey level outside, 0 to 255; 0 by default. */
  fill?: number | undefined;
}

/** Options of the flips, `randomGrayscale`, `randomInvert`, `randomEqualize`, `randomAutocontrast` and `randomChannelPermutation`. */
export interface ProbabilityOptions {
  /** Probability that it is applied to an image, 0 to 1. 0.5 by default; 0.1 of randomGrayscale, 1 of randomChannelPermutation. */
  p?: number | undefined;
}

/** Options of `randomCrop`. */
export interface RandomCropOptions extends OpOptions {
  /** Pixels of the part that is cut out: an integer from 1 to 4096, or [height, width]. */
  size: number | readonly [number, number];
  /** Pixels of border around the image, >= 0: one number, [left and right, top and bottom], or [left, top, right, bottom]; 0 by default. */
  padding?: number | readonly [number, number] | readonly [number, number, number, number] | undefined;
  /** Pads an image that is smaller than `size` by what is missing, on both sides; false by default. */
  padIfNeeded?: boolean | undefined;
  /** The border's grey level, 0 to 255; 0 by default. */
  fill?: number | undefined;
  /** What the border shows: `fill`, by default, the outermost pixels, or the image mirrored without or with them. */
  paddingMode?: 'constant' | 'edge' | 'reflect' | 'symmetric' | undefined;
}

/** Options of `randomResizedCrop`. */
export interface RandomResizedCropOptions extends OpOptions {
  /** Pixels of the result: an integer from 1 to 4096, or [height, width]. */
  size: number | readonly [number, number];
  /** The share of the image's area that is cut out, [low, high], above 0, at most 1; [0.08, 1] by default. */
  scale?: readonly [number, number] | undefined;
  /** Width by height of the part, [low, high], drawn evenly on a log axis; [3/4, 4/3] by default. */
  ratio?: readonly [number, number] | undefined;
  /** How the part is resized; `'bilinear'` by default. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
}

/** Options of `randomAffine`. */
export interface RandomAffineOptions extends SamplingOptions {
  /** Degrees, clockwise: x, >= 0, is [-x, x], or [low, high]; 0 by default. */
  degrees?: NumberOrRange | undefined;
  /** The largest shifts along x and y, as shares of width and height, 0 to 1; [0, 0] by default. */
  translate?: readonly [number, number] | undefined;
  /** [low, high], above 0; above 1 magnifies. [1, 1] by default. */
  scale?: readonly [number, number] | undefined;
  /** Degrees, -89 to 89: x is [-x, x] along x, or [low, high] along x, or [low, high, low, high] along x and y; 0 by default. */
  shear?: number | readonly [number, number] | readonly [number, number, number, number] | undefined;
  /** What is turned about: [x, y] in pixels from the upper left corner; the middle by default. */
  center?: readonly [number, number] | undefined;
}

/** Options of `randomRotation`. */
export interface RandomRotationOptions extends SamplingOptions {
  /** Degrees, counter-clockwise: x, >= 0, is [-x, x], or [low, high]. */
  degrees: NumberOrRange;
  /** What is turned about: [x, y] in pixels from the upper left corner; the middle by default. */
  center?: readonly [number, number] | undefined;
}

/** Options of `randomPerspective`; `p` is 0.5 by default. */
export interface RandomPerspectiveOptions extends SamplingOptions {
  /** How far each corner may go towards the middle, as a share of half the size, 0 to 1; 0.5 by default. */
  distortionScale?: number | undefined;
}

/** Options of `randomRotate90`. */
export interface RandomRotate90Options extends OpOptions {
  /** Quarter turns, counter-clockwise, of which one is drawn: some of 0, 1, 2, 3; [0, 1, 2, 3] by default. */
  turns?: readonly number[] | undefined;
}

/** Options of `elasticTransform`. */
export interface ElasticTransformOptions extends SamplingOptions {
  /** How far pixels move: noise of [-1, 1), smoothed, times alpha / 2 pixels, >= 0; one number, or [x, y]. 50 by default. */
  alpha?: number | readonly [number, number] | undefined;
  /** Standard deviation of the Gaussian that smooths the noise, in pixels, 0 to 100; one number, or [x, y]. 5 by default. */
  sigma?: number | readonly [number, number] | undefined;
}

/** Options of `colorJitter`: factors, of which a number x stands for [max(0, 1 - x), 1 + x]. */
export interface ColorJitterOptions extends OpOptions {
  /** The factor of the brightness, >= 0; 0, none, by default. */
  brightness?: NumberOrRange | undefined;
  /** The factor of the contrast, >= 0; 0, none, by default. */
  contrast?: NumberOrRange | undefined;
  /** The factor of the saturation, >= 0; 0, none, by default. Needs three channels. */
  saturation?: NumberOrRange | undefined;
  /** The turn of the hue, as a share of a full turn: x, 0 to 0.5, is [-x, x], or [low, high]; 0 by default. Needs three channels. */
  hue?: NumberOrRange | undefined;
}

/** Options of `randomGamma`: 255 * gain * (x / 255)^gamma. */
export interface RandomGammaOptions extends OpOptions {
  /** The exponent, 0.001 to 1000; above 1 darkens. */
  gamma: NumberOrRange;
  /** What the result is multiplied by, >= 0; 1 by default. */
  gain?: NumberOrRange | undefined;
}

/** Options of `randomSolarize`; `p` is 0.5 by default. */
export interface RandomSolarizeOptions extends OpOptions {
  /** The grey level from which pixels are inverted, 0 to 256; 128 by default. */
  threshold?: NumberOrRange | undefined;
}

/** Options of `randomPosterize`; `p` is 0.5 by default. */
export interface RandomPosterizeOptions extends OpOptions {
  /** How many of the highest bits of each byte are kept: an integer from 0 to 8. */
  bits: NumberOrRange;
}

/** Options of `randomAdjustSharpness`; `p` is 0.5 by default. */
export interface RandomAdjustSharpnessOptions extends OpOptions {
  /** >= 0: 0 smooths, 1 changes nothing, 2 sharpens. */
  sharpnessFactor: NumberOrRange;
}

/** Options of `randomChannelDrop`; `p` is 0.5 by default. */
export interface RandomChannelDropOptions extends OpOptions {
  /** How many channels become `fill`: an integer from 1 to the number of channels less 1; 1 by default. */
  channels?: NumberOrRange | undefined;
  /** A grey level, 0 to 255; 0 by default. */
  fill?: number | undefined;
}

/** Options of `gaussianBlur`. */
export interface GaussianBlurOptions extends OpOptions {
  /** Pixels of the kernel: an odd number, or [width, height]. */
  kernelSize: number | readonly [number, number];
  /** Standard deviation in pixels, >= 0.01; [0.1, 2] by default. */
  sigma?: NumberOrRange | undefined;
}

/** Options of `gaussianNoise`, whose numbers are shares of white: 1 is a grey level of 255. */
export interface GaussianNoiseOpOptions extends OpOptions {
  /** The mean of the noise; 0 by default. */
  mean?: number | undefined;
  /** Its standard deviation, >= 0; 0.1 by default. */
  sigma?: NumberOrRange | undefined;
  /** Whether grey levels stay within 0 to 255; true by default. */
  clip?: boolean | undefined;
}

/** Options of `saltAndPepper`. */
export interface SaltAndPepperOptions extends OpOptions {
  /** Share of the pixels that become white or black, 0 to 1; 0.05 by default. */
  amount?: NumberOrRange | undefined;
  /** Share of those that become white, 0 to 1; 0.5 by default. */
  saltVsPepper?: NumberOrRange | undefined;
}

/** What takes the place of pixels: a grey level, one for each channel, or `'random'`, a random one for each channel of each pixel. */
export type ErasedValue = number | readonly number[] | 'random';

/** Options of `randomErasing`; `p` is 0.5 by default. */
export interface RandomErasingOptions extends OpOptions {
  /** The share of the image that is erased, [low, high], 0 to 1; [0.02, 0.33] by default. */
  scale?: readonly [number, number] | undefined;
  /** Height by width of the rectangle, [low, high], 0.001 to 1000; [0.3, 3.3] by default. */
  ratio?: readonly [number, number] | undefined;
  /** What takes its place; 0 by default. */
  value?: ErasedValue | undefined;
}

/** Options of `cutout`. */
export interface CutoutOptions extends OpOptions {
  /** The side of the square in pixels: an integer from 1 to the shorter side of the image. */
  size: number;
  /** What takes its place; 0 by default. */
  value?: ErasedValue | undefined;
}

/** Options of `gridMask`. */
export interface GridMaskOptions extends OpOptions {
  /** Pixels of a unit of the grid: an integer from 2 to the longer side of the image, or [low, high]. */
  d: NumberOrRange;
  /** Share of a unit's rows and columns that are kept, above 0 and below 1: 2 ratio - ratio^2 of the image is; 0.6 by default. */
  ratio?: number | undefined;
  /** A grey level, or one for each channel; 0 by default. */
  value?: number | readonly number[] | undefined;
}

/** Options of `mixUp` and `cutMix`, which come last. */
export interface MixOptions extends OpOptions {
  /** An image's own share is drawn from Beta(alpha, alpha), 0.01 to 100: 1, the default, is uniform; small ones leave images nearly whole. */
  alpha?: number | undefined;
}

/** Options of `trivialAugmentWide`: one op, of any strength. */
export interface TrivialAugmentWideOptions extends SamplingOptions {
  /** How many strengths there are from the weakest to the strongest: an integer from 2 to 100; 31 by default. */
  numMagnitudeBins?: number | undefined;
}

/** Options of `randAugment`. */
export interface RandAugmentOptions extends TrivialAugmentWideOptions {
  /** How many ops are applied in a row: an integer from 1 to 16; 2 by default. */
  numOps?: number | undefined;
  /** The strength of each: an integer from 0, the weakest, to `numMagnitudeBins` - 1; 9 by default. */
  magnitude?: number | undefined;
}

/** Options of `autoAugment`: one of 25 pairs of ops that were learned for a data set. */
export interface AutoAugmentOptions extends SamplingOptions {
  /** The data set; `'cifar10'`, the only one, by default. */
  policy?: 'cifar10' | undefined;
}

/** Options of `augMix`: chains of ops, each applied to the image itself, mixed with it. */
export interface AugMixOptions extends SamplingOptions {
  /** Strengths are drawn from so many of the weakest of 10: an integer from 1 to 10; 3 by default. */
  severity?: number | undefined;
  /** How many chains: an integer from 1 to 8; 3 by default. */
  mixtureWidth?: number | undefined;
  /** How many ops a chain has: an integer from 1 to 8, or -1, the default: 1 to 3, drawn for each chain. */
  chainDepth?: number | undefined;
  /** The parameter of the Beta and Dirichlet distributions of the weights, 0.01 to 100; 1 by default. */
  alpha?: number | undefined;
  /** Whether brightness, color, contrast and sharpness are among the ops; true by default. */
  allOps?: boolean | undefined;
}

/** The options of each op; names, meaning and defaults are torchvision's, except where a type says otherwise. Grey levels are 0 to 255. */
export interface OpOptionsByType {
  /** A part of the image at a place drawn among whole pixels. */
  randomCrop: RandomCropOptions;
  /** A part of the image of a random area and shape, resized. */
  randomResizedCrop: RandomResizedCropOptions;
  /** Left to right. */
  randomHorizontalFlip: ProbabilityOptions;
  /** Upside down. */
  randomVerticalFlip: ProbabilityOptions;
  /** Shears, scales, turns and shifts. */
  randomAffine: RandomAffineOptions;
  /** Turns. */
  randomRotation: RandomRotationOptions;
  /** Moves the corners towards the middle. */
  randomPerspective: RandomPerspectiveOptions;
  /** Quarter turns, Albumentations' RandomRotate90. */
  randomRotate90: RandomRotate90Options;
  /** Moves every pixel by smooth noise. */
  elasticTransform: ElasticTransformOptions;
  /** Changes brightness, contrast, saturation and hue, in a random order. */
  colorJitter: ColorJitterOptions;
  /** A power of the grey levels. */
  randomGamma: RandomGammaOptions;
  /** Takes the color away; needs three channels. */
  randomGrayscale: ProbabilityOptions;
  /** 255 - x. */
  randomInvert: ProbabilityOptions;
  /** Inverts what is bright. */
  randomSolarize: RandomSolarizeOptions;
  /** Keeps the highest bits of each byte. */
  randomPosterize: RandomPosterizeOptions;
  /** Makes the histogram of each channel even. */
  randomEqualize: ProbabilityOptions;
  /** Stretches each channel to 0 to 255. */
  randomAutocontrast: ProbabilityOptions;
  /** Smooths or sharpens. */
  randomAdjustSharpness: RandomAdjustSharpnessOptions;
  /** Puts the channels into a random order. */
  randomChannelPermutation: ProbabilityOptions;
  /** Replaces some channels by one grey level, Albumentations' ChannelDropout. */
  randomChannelDrop: RandomChannelDropOptions;
  /** Smooths with a Gaussian. */
  gaussianBlur: GaussianBlurOptions;
  /** Adds normal noise to each channel of each pixel. */
  gaussianNoise: GaussianNoiseOpOptions;
  /** Makes some pixels white or black, Kornia's RandomSaltAndPepperNoise. */
  saltAndPepper: SaltAndPepperOptions;
  /** Erases a rectangle. */
  randomErasing: RandomErasingOptions;
  /** Erases a square of a fixed size (DeVries and Taylor 2017). */
  cutout: CutoutOptions;
  /** Erases the squares of a grid (Chen et al. 2020). */
  gridMask: GridMaskOptions;
  /** Several ops of one strength (Cubuk et al. 2020). */
  randAugment: RandAugmentOptions;
  /** One op of a random strength (Müller and Hutter 2021). */
  trivialAugmentWide: TrivialAugmentWideOptions;
  /** A learned policy (Cubuk et al. 2019). */
  autoAugment: AutoAugmentOptions;
  /** Chains of ops, mixed (Hendrycks et al. 2020). */
  augMix: AugMixOptions;
  /** Blends an image and its label with another one (Zhang et al. 2018). */
  mixUp: MixOptions;
  /** Replaces a box of an image by another's, and the label by the box's share (Yun et al. 2019). */
  cutMix: MixOptions;
}

/** The type of an op. */
export type OpType = keyof OpOptionsByType;

/** An op of one type as plain JSON: its `type` and its options. */
export type OpConfigOf<T extends OpType> = { type: T } & OpOptionsByType[T];

/** An op of a pipeline as plain JSON: its `type` and its options. */
export type OpConfig = { [T in OpType]: OpConfigOf<T> }[OpType];
