import type { ActivationName } from '../activations.ts';
import type { Border } from '../border.ts';
import type { LayerInputs, Padding, Size } from '../layer.ts';
import type { InitializerConfig, RegularizerConfig } from '../weight_options.ts';

/** Options of every layer; the names and their meaning are Keras'. */
export interface LayerOptions {
  /** The layer's name; by default Keras', of its type and count: `conv2d`, `conv2d_1`. */
  name?: string | undefined;
  /**
   * The layers that it takes as inputs: by name, `'input'` for the images, or counted back from the layer itself, -1 being the one before
   * it, which is the default.
   */
  inputs?: LayerInputs | undefined;
}

/** Options of layers with tensors that are trained. */
export interface TrainableOptions extends LayerOptions {
  /** Whether training changes its weights; true by default. */
  trainable?: boolean | undefined;
}

/** Options of layers with a bias. */
export interface BiasOptions extends TrainableOptions {
  /** Whether a bias is added; true by default. */
  useBias?: boolean | undefined;
  /** How the bias begins; `'zeros'` by default. */
  biasInitializer?: InitializerConfig | undefined;
  /** A penalty on the bias, which is added to the loss; none by default. */
  biasRegularizer?: RegularizerConfig | undefined;
}

/** Options of layers with a kernel and a bias. */
export interface KernelOptions extends BiasOptions {
  /** How the kernel begins; `'glorotUniform'` by default. */
  kernelInitializer?: InitializerConfig | undefined;
  /** A penalty on the kernel, which is added to the loss; none by default. */
  kernelRegularizer?: RegularizerConfig | undefined;
}

/** Options of layers that move a window over the image. */
export interface WindowOptions {
  /** Rows and columns of the kernel: a positive integer for both, or [rows, columns]. */
  kernelSize: Size;
  /** Pixels from one window to the next: a positive integer for both axes, or [rows, columns]; 1 by default. */
  strides?: Size | undefined;
  /** `'valid'`, the default, has no padding; with `'same'` the output has ceil(size / strides) pixels. */
  padding?: Padding | undefined;
  /**
   * Pixels from one element of the kernel to the next: a positive integer for both axes, or [rows, columns]; 1 by default. Above 1 it needs
   * `strides` of 1.
   */
  dilationRate?: Size | undefined;
}

/** The activation at the end of a layer. */
export interface ActivationOption {
  /** The activation that follows in the layer itself; `'linear'`, none, by default. `'softmax'` may only end the model. */
  activation?: ActivationName | undefined;
}

/** Options of `conv2d`. */
export interface Conv2dOptions extends KernelOptions, WindowOptions, ActivationOption {
  /** Channels of the output; a positive integer. */
  filters: number;
  /** Groups of channels that are convolved by themselves: a divisor of the channels and of `filters`; 1 by default. */
  groups?: number | undefined;
}

/** Options of `conv2dTranspose`. */
export interface Conv2dTransposeOptions extends KernelOptions, WindowOptions, ActivationOption {
  /** Channels of the output; a positive integer. */
  filters: number;
  /** Output pixels for each input pixel: a positive integer for both axes, or [rows, columns]; 1 by default. */
  strides?: Size | undefined;
  /** `'valid'`, the default, gives (size - 1) * strides + max(kernelSize, strides) pixels, `'same'` size * strides. */
  padding?: Padding | undefined;
}

/** Options of `depthwiseConv2d`. */
export interface DepthwiseConv2dOptions extends BiasOptions, WindowOptions, ActivationOption {
  /** Outputs of each channel; a positive integer, 1 by default. */
  depthMultiplier?: number | undefined;
  /** How the kernel begins; `'glorotUniform'` by default. */
  depthwiseInitializer?: InitializerConfig | undefined;
  /** A penalty on the kernel, which is added to the loss; none by default. */
  depthwiseRegularizer?: RegularizerConfig | undefined;
}

/** Options of `separableConv2d`. */
export interface SeparableConv2dOptions extends DepthwiseConv2dOptions {
  /** Channels of the output; a positive integer. */
  filters: number;
  /** How the 1 x 1 kernel begins; `'glorotUniform'` by default. */
  pointwiseInitializer?: InitializerConfig | undefined;
  /** A penalty on the 1 x 1 kernel, which is added to the loss; none by default. */
  pointwiseRegularizer?: RegularizerConfig | undefined;
}

/** Options of `dense`. */
export interface DenseOptions extends KernelOptions, ActivationOption {
  /** Outputs; a positive integer. */
  units: number;
}

/** Options of `maxPooling2d` and `averagePooling2d`. */
export interface PoolingOptions extends LayerOptions {
  /** Rows and columns of a window: a positive integer for both, or [rows, columns]; 2 by default. A maxPooling2d takes up to 256 pixels. */
  poolSize?: Size | undefined;
  /** Pixels from one window to the next: a positive integer for both axes, or [rows, columns]; `poolSize` by default. */
  strides?: Size | undefined;
  /** `'valid'`, the default, leaves out windows that reach over the edge; with `'same'` there are ceil(size / strides) windows. */
  padding?: Padding | undefined;
}

/** Options of `globalAveragePooling2d` and `globalMaxPooling2d`. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** The output is [1, 1, channels] in place of [channels]; false by default. */
  keepdims?: boolean | undefined;
}

/** Options of layers that normalize. */
export interface NormalizationOptions extends TrainableOptions {
  /** Added to the variance, > 0; 0.001 by default. */
  epsilon?: number | undefined;
  /** Whether beta is added; true by default. */
  center?: boolean | undefined;
  /** Whether it is multiplied by gamma; true by default. */
  scale?: boolean | undefined;
  /** How beta begins; `'zeros'` by default. */
  betaInitializer?: InitializerConfig | undefined;
  /** How gamma begins; `'ones'` by default. */
  gammaInitializer?: InitializerConfig | undefined;
  /** A penalty on beta, which is added to the loss; none by default. */
  betaRegularizer?: RegularizerConfig | undefined;
  /** A penalty on gamma, which is added to the loss; none by default. */
  gammaRegularizer?: RegularizerConfig | undefined;
}

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions extends NormalizationOptions {
  /** The axis of the channels: the last one, -1, which is the default. */
  axis?: number | undefined;
  /** How much of the moving statistics a step keeps, 0 to 1; 0.99 by default. */
  momentum?: number | undefined;
  /** How the moving mean begins; `'zeros'` by default. */
  movingMeanInitializer?: InitializerConfig | undefined;
  /** How the moving variance begins; `'ones'` by default. */
  movingVarianceInitializer?: InitializerConfig | undefined;
}

/** Options of `layerNormalization`. */
export interface LayerNormalizationOptions extends NormalizationOptions {
  /** The axes over which mean and variance are taken: the last ones, without gaps; -1, the channels, by default. */
  axis?: number | readonly number[] | undefined;
}

/** Options of `groupNormalization`. */
export interface GroupNormalizationOptions extends NormalizationOptions {
  /** The axis of the channels: the last one, -1, which is the default. */
  axis?: number | undefined;
  /** Groups of channels: a divisor of the channels, or -1 for a group each; 32 by default. */
  groups?: number | undefined;
}

/** Options of `activation`. */
export interface ActivationOptions extends LayerOptions {
  /** Its name. `'softmax'` may only end the model. */
  activation: ActivationName;
  /** The slope of leakyRelu where x < 0, >= 0; 0.2 by default, as in keras.activations.leaky_relu. */
  negativeSlope?: number | undefined;
}

/** Options of `dropout` and `spatialDropout2d`. */
export interface DropoutOptions extends LayerOptions {
  /** The probability with which an element, or a channel, is dropped while the model trains: 0 <= rate < 1. */
  rate: number;
}

/** Options of `gaussianNoise`. */
export interface GaussianNoiseOptions extends LayerOptions {
  /** The standard deviation of the noise: 0 to 1, as in Keras. */
  stddev: number;
}

/** Options of `concatenate`. */
export interface ConcatenateOptions extends LayerOptions {
  /** The axis along which they follow each other, the batch being 0; -1, the channels, by default. */
  axis?: number | undefined;
}

/** Options of `reshape`. */
export interface ReshapeOptions extends LayerOptions {
  /** The shape of one sample; one axis may be -1, for what is left. */
  targetShape: readonly number[];
}

/** Options of `zeroPadding2d`. */
export interface ZeroPadding2dOptions extends LayerOptions {
  /** Rows and columns of zeros: a number for all sides, [rows, columns], or [[top, bottom], [left, right]]; 1 by default. */
  padding?: Border | undefined;
}

/** Options of `cropping2d`. */
export interface Cropping2dOptions extends LayerOptions {
  /** Rows and columns that are cut off: a number for all sides, [rows, columns], or [[top, bottom], [left, right]]; 0 by default. */
  cropping?: Border | undefined;
}

/** Options of `upSampling2d`. */
export interface UpSampling2dOptions extends LayerOptions {
  /** The pixels that a pixel becomes: a positive integer for both axes, or [rows, columns]; 2 by default. */
  size?: Size | undefined;
  /** `'nearest'`, the default, repeats pixels; `'bilinear'` interpolates between their centers. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
}

/** The options of each layer. A test compares them with the schemas, which check them. */
export interface LayerOptionsByType {
  /** Options of `conv2d`. */
  conv2d: Conv2dOptions;
  /** Options of `depthwiseConv2d`. */
  depthwiseConv2d: DepthwiseConv2dOptions;
  /** Options of `separableConv2d`. */
  separableConv2d: SeparableConv2dOptions;
  /** Options of `conv2dTranspose`. */
  conv2dTranspose: Conv2dTransposeOptions;
  /** Options of `dense`. */
  dense: DenseOptions;
  /** Options of `maxPooling2d`. */
  maxPooling2d: PoolingOptions;
  /** Options of `averagePooling2d`. */
  averagePooling2d: PoolingOptions;
  /** Options of `globalAveragePooling2d`. */
  globalAveragePooling2d: GlobalPoolingOptions;
  /** Options of `globalMaxPooling2d`. */
  globalMaxPooling2d: GlobalPoolingOptions;
  /** Options of `batchNormalization`. */
  batchNormalization: BatchNormalizationOptions;
  /** Options of `layerNormalization`. */
  layerNormalization: LayerNormalizationOptions;
  /** Options of `groupNormalization`. */
  groupNormalization: GroupNormalizationOptions;
  /** Options of `activation`. */
  activation: ActivationOptions;
  /** Options of `dropout`. */
  dropout: DropoutOptions;
  /** Options of `spatialDropout2d`. */
  spatialDropout2d: DropoutOptions;
  /** Options of `gaussianNoise`. */
  gaussianNoise: GaussianNoiseOptions;
  /** Options of `add`. */
  add: LayerOptions;
  /** Options of `multiply`. */
  multiply: LayerOptions;
  /** Options of `average`. */
  average: LayerOptions;
  /** Options of `maximum`. */
  maximum: LayerOptions;
  /** Options of `concatenate`. */
  concatenate: ConcatenateOptions;
  /** Options of `flatten`. */
  flatten: LayerOptions;
  /** Options of `reshape`. */
  reshape: ReshapeOptions;
  /** Options of `zeroPadding2d`. */
  zeroPadding2d: ZeroPadding2dOptions;
  /** Options of `cropping2d`. */
  cropping2d: Cropping2dOptions;
  /** Options of `upSampling2d`. */
  upSampling2d: UpSampling2dOptions;
}
