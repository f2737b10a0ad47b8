import type { ActivationName } from '../activations.ts';
import type { Border } from '../border.ts';
import type { LayerInputs, Padding, Size } from '../layer.ts';
import type { InitializerConfig, RegularizerConfig } from '../weight_options.ts';

/** Options of every layer; the names and their meaning are Keras'. */
export interface LayerOptions {
  /** The layer's name. By default Keras' name for its type, with a count: `conv2d`, `conv2d_1`. */
  name?: string | undefined;
  /**
   * The layer's inputs: names, `'input'` for the images, or negative numbers counted back from the layer itself; by default -1,
   * the previous layer.
   */
  inputs?: LayerInputs | undefined;
}

/** Options of layers with trainable tensors. */
export interface TrainableOptions extends LayerOptions {
  /** Whether training updates its weights; true by default. */
  trainable?: boolean | undefined;
}

/** Options of layers with a bias. */
export interface BiasOptions extends TrainableOptions {
  /** Whether to add a bias; true by default. */
  useBias?: boolean | undefined;
  /** Initializer of the bias; `'zeros'` by default. */
  biasInitializer?: InitializerConfig | undefined;
  /** Penalty on the bias, added to the loss; none by default. */
  biasRegularizer?: RegularizerConfig | undefined;
}

/** Options of layers with a kernel and a bias. */
export interface KernelOptions extends BiasOptions {
  /** Initializer of the kernel; `'glorotUniform'` by default. */
  kernelInitializer?: InitializerConfig | undefined;
  /** Penalty on the kernel, added to the loss; none by default. */
  kernelRegularizer?: RegularizerConfig | undefined;
}

/** Options of layers that slide a window over the image. */
export interface WindowOptions {
  /** Rows and columns of the kernel: a positive integer for both, or [rows, columns]. */
  kernelSize: Size;
  /** Step between windows in pixels: a positive integer for both axes, or [rows, columns]; 1 by default. */
  strides?: Size | undefined;
  /** `'valid'`, the default, adds no padding; with `'same'` the output has ceil(size / strides) pixels. */
  padding?: Padding | undefined;
  /**
   * Step between kernel elements in pixels: a positive integer for both axes, or [rows, columns]; 1 by default. Values above 1
   * require `strides` of 1.
   */
  dilationRate?: Size | undefined;
}

/** Option of layers with a built-in activation. */
export interface ActivationOption {
  /** Activation applied to the output; `'linear'` (none) by default. `'softmax'` is allowed only at the end of the model. */
  activation?: ActivationName | undefined;
}

/** Options of `conv2d`. */
export interface Conv2dOptions extends KernelOptions, WindowOptions, ActivationOption {
  /** Number of output channels; a positive integer. */
  filters: number;
  /** Number of channel groups that are convolved separately: a divisor of the input channels and of `filters`; 1 by default. */
  groups?: number | undefined;
}

/** Options of `conv2dTranspose`. */
export interface Conv2dTransposeOptions extends KernelOptions, WindowOptions, ActivationOption {
  /** Number of output channels; a positive integer. */
  filters: number;
  /** Output pixels for each input pixel: a positive integer for both axes, or [rows, columns]; 1 by default. */
  strides?: Size | undefined;
  /** `'valid'`, the default, gives (size - 1) * strides + max(kernelSize, strides) pixels, `'same'` size * strides. */
  padding?: Padding | undefined;
}

/** Options of `depthwiseConv2d`. */
export interface DepthwiseConv2dOptions extends BiasOptions, WindowOptions, ActivationOption {
  /** Number of output channels per input channel; a positive integer, 1 by default. */
  depthMultiplier?: number | undefined;
  /** Initializer of the kernel; `'glorotUniform'` by default. */
  depthwiseInitializer?: InitializerConfig | undefined;
  /** Penalty on the kernel, added to the loss; none by default. */
  depthwiseRegularizer?: RegularizerConfig | undefined;
}

/** Options of `separableConv2d`. */
export interface SeparableConv2dOptions extends DepthwiseConv2dOptions {
  /** Number of output channels; a positive integer. */
  filters: number;
  /** Initializer of the 1 x 1 kernel; `'glorotUniform'` by default. */
  pointwiseInitializer?: InitializerConfig | undefined;
  /** Penalty on the 1 x 1 kernel, added to the loss; none by default. */
  pointwiseRegularizer?: RegularizerConfig | undefined;
}

/** Options of `dense`. */
export interface DenseOptions extends KernelOptions, ActivationOption {
  /** Number of outputs; a positive integer. */
  units: number;
}

/** Options of `maxPooling2d` and `averagePooling2d`. */
export interface PoolingOptions extends LayerOptions {
  /**
   * Rows and columns of a window: a positive integer for both, or [rows, columns]; 2 by default. maxPooling2d supports windows
   * of up to 256 pixels.
   */
  poolSize?: Size | undefined;
  /** Step between windows in pixels: a positive integer for both axes, or [rows, columns]; `poolSize` by default. */
  strides?: Size | undefined;
  /** `'valid'`, the default, omits windows that extend beyond the image; with `'same'` there are ceil(size / strides) windows. */
  padding?: Padding | undefined;
}

/** Options of `globalAveragePooling2d` and `globalMaxPooling2d`. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Whether the output is [1, 1, channels] instead of [channels]; false by default. */
  keepdims?: boolean | undefined;
}

/** Options of normalization layers. */
export interface NormalizationOptions extends TrainableOptions {
  /** Added to the variance, > 0; 0.001 by default. */
  epsilon?: number | undefined;
  /** Whether to add beta; true by default. */
  center?: boolean | undefined;
  /** Whether to multiply by gamma; true by default. */
  scale?: boolean | undefined;
  /** Initializer of beta; `'zeros'` by default. */
  betaInitializer?: InitializerConfig | undefined;
  /** Initializer of gamma; `'ones'` by default. */
  gammaInitializer?: InitializerConfig | undefined;
  /** Penalty on beta, added to the loss; none by default. */
  betaRegularizer?: RegularizerConfig | undefined;
  /** Penalty on gamma, added to the loss; none by default. */
  gammaRegularizer?: RegularizerConfig | undefined;
}

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions extends NormalizationOptions {
  /** The channel axis, which must be the last one: -1 by default. */
  axis?: number | undefined;
  /** Fraction of the moving statistics that a step keeps, 0 to 1; 0.99 by default. */
  momentum?: number | undefined;
  /** Initializer of the moving mean; `'zeros'` by default. */
  movingMeanInitializer?: InitializerConfig | undefined;
  /** Initializer of the moving variance; `'ones'` by default. */
  movingVarianceInitializer?: InitializerConfig | undefined;
}

/** Options of `layerNormalization`. */
export interface LayerNormalizationOptions extends NormalizationOptions {
  /** The axes over which mean and variance are computed: the last ones, without gaps; -1, the channels, by default. */
  axis?: number | readonly number[] | undefined;
}

/** Options of `groupNormalization`. */
export interface GroupNormalizationOptions extends NormalizationOptions {
  /** The channel axis, which must be the last one: -1 by default. */
  axis?: number | undefined;
  /** Number of channel groups: a divisor of the channels, or -1 for one group per channel; 32 by default. */
  groups?: number | undefined;
}

/** Options of `activation`. */
export interface ActivationOptions extends LayerOptions {
  /** Name of the activation. `'softmax'` is allowed only at the end of the model. */
  activation: ActivationName;
  /** Slope of leakyRelu for x < 0, >= 0; 0.2 by default, as in keras.activations.leaky_relu. */
  negativeSlope?: number | undefined;
}

/** Options of `dropout` and `spatialDropout2d`. */
export interface DropoutOptions extends LayerOptions {
  /** Probability of dropping an element, or a channel, during training: 0 <= rate < 1. */
  rate: number;
}

/** Options of `gaussianNoise`. */
export interface GaussianNoiseOptions extends LayerOptions {
  /** Standard deviation of the noise: 0 to 1, as in Keras. */
  stddev: number;
}

/** Options of `concatenate`. */
export interface ConcatenateOptions extends LayerOptions {
  /** The axis to concatenate along, where 0 is the batch; -1, the channels, by default. */
  axis?: number | undefined;
}

/** Options of `reshape`. */
export interface ReshapeOptions extends LayerOptions {
  /** Shape of one sample. One axis may be -1, which is then inferred. */
  targetShape: readonly number[];
}

/** Options of `zeroPadding2d`. */
export interface ZeroPadding2dOptions extends LayerOptions {
  /** Rows and columns of zeros: a number for all sides, [rows, columns], or [[top, bottom], [left, right]]; 1 by default. */
  padding?: Border | undefined;
}

/** Options of `cropping2d`. */
export interface Cropping2dOptions extends LayerOptions {
  /** Rows and columns to remove: a number for all sides, [rows, columns], or [[top, bottom], [left, right]]; 0 by default. */
  cropping?: Border | undefined;
}

/** Options of `upSampling2d`. */
export interface UpSampling2dOptions extends LayerOptions {
  /** Scale factor: a positive integer for both axes, or [rows, columns]; 2 by default. */
  size?: Size | undefined;
  /** `'nearest'`, the default, repeats pixels; `'bilinear'` interpolates between their centers. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
}

/** The options of each layer. A test compares them with the schemas that validate them. */
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
