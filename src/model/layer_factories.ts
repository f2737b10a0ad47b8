import { fillLayer } from './fill_layer.ts';
import type { LayerConfigOf, LayerType } from './layers/index.ts';
import type {
  ActivationOptions,
  BatchNormalizationOptions,
  ConcatenateOptions,
  Conv2dOptions,
  Conv2dTransposeOptions,
  Cropping2dOptions,
  DenseOptions,
  DepthwiseConv2dOptions,
  DropoutOptions,
  GaussianNoiseOptions,
  GlobalPoolingOptions,
  GroupNormalizationOptions,
  LayerNormalizationOptions,
  LayerOptions,
  LayerOptionsByType,
  PoolingOptions,
  ReshapeOptions,
  SeparableConv2dOptions,
  UpSampling2dOptions,
  ZeroPadding2dOptions,
} from './layers/options.ts';

/** A layer as plain JSON, validated immediately. */
function layer<T extends LayerType>(type: T, options: LayerOptionsByType[T]): LayerConfigOf<T> {
  const json = { type, ...options } as unknown as LayerConfigOf<T>;
  fillLayer(json, 1);
  return json;
}

/**
 * A two-dimensional convolution: Keras' Conv2D. x [batch, height, width, channels], kernel
 * [kernelHeight, kernelWidth, channels / groups, filters], bias [filters].
 */
export const conv2d = (options: Conv2dOptions): LayerConfigOf<'conv2d'> => layer('conv2d', options);

/**
 * A separate convolution of each channel: Keras' DepthwiseConv2D. The kernel is [kernelHeight, kernelWidth, channels,
 * depthMultiplier]; output channel c * depthMultiplier + m is computed from input channel c.
 */
export const depthwiseConv2d = (options: DepthwiseConv2dOptions): LayerConfigOf<'depthwiseConv2d'> =>
  layer('depthwiseConv2d', options);

/**
 * A depthwise convolution followed by a 1x1 convolution: Keras' SeparableConv2D. Tensors: depthwiseKernel [kernelHeight,
 * kernelWidth, channels, depthMultiplier], pointwiseKernel [1, 1, channels * depthMultiplier, filters], bias.
 */
export const separableConv2d = (options: SeparableConv2dOptions): LayerConfigOf<'separableConv2d'> =>
  layer('separableConv2d', options);

/**
 * A transposed convolution, which computes the data gradient of a convolution: Keras' Conv2DTranspose. The kernel is
 * [kernelHeight, kernelWidth, filters, channels]. The output has (n - 1) * stride + max(kernel, stride) rows for `valid`, n *
 * stride for `same`.
 */
export const conv2dTranspose = (options: Conv2dTransposeOptions): LayerConfigOf<'conv2dTranspose'> =>
  layer('conv2dTranspose', options);

/** x [batch, inputs] times kernel [inputs, units] plus bias [units]: Keras' Dense. */
export const dense = (options: DenseOptions): LayerConfigOf<'dense'> => layer('dense', options);

/** The maximum of each window: Keras' MaxPooling2D. `strides` defaults to `poolSize`. */
export const maxPooling2d = (options: PoolingOptions = {}): LayerConfigOf<'maxPooling2d'> =>
  layer('maxPooling2d', options);

/**
 * The mean of each window: Keras' AveragePooling2D. Padding added by `same` is excluded from the mean. `strides` defaults to
 * `poolSize`.
 */
export const averagePooling2d = (options: PoolingOptions = {}): LayerConfigOf<'averagePooling2d'> =>
  layer('averagePooling2d', options);

/** The mean of each channel over all pixels: Keras' GlobalAveragePooling2D. [height, width, channels] -> [channels], or [1, 1, channels] with `keepdims`. */
export const globalAveragePooling2d = (options: GlobalPoolingOptions = {}): LayerConfigOf<'globalAveragePooling2d'> =>
  layer('globalAveragePooling2d', options);

/**
 * The maximum of each channel over all pixels: Keras' GlobalMaxPooling2D. [height, width, channels] -> [channels], or [1, 1,
 * channels] with `keepdims`.
 */
export const globalMaxPooling2d = (options: GlobalPoolingOptions = {}): LayerConfigOf<'globalMaxPooling2d'> =>
  layer('globalMaxPooling2d', options);

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance of each channel over the batch's real samples
 * and pixels: Keras' BatchNormalization. Inference, and a layer with `trainable: false`, use the moving statistics. Every step that is not
 * skipped updates them: moving += (batch - moving) * (1 - momentum), with the biased variance (divided by n), as in Keras; PyTorch's
 * running_var uses the unbiased one (divided by n - 1).
 */
export const batchNormalization = (options: BatchNormalizationOptions = {}): LayerConfigOf<'batchNormalization'> =>
  layer('batchNormalization', options);

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance over the given axes, by default the last one:
 * Keras' LayerNormalization. The axes must be the last ones, without gaps: -1, [-2, -1] or [1, 2, 3] for images.
 */
export const layerNormalization = (options: LayerNormalizationOptions = {}): LayerConfigOf<'layerNormalization'> =>
  layer('layerNormalization', options);

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance of each sample over the pixels and the
 * channels of a group: Keras' GroupNormalization. `groups` is 32 by default; -1 makes every channel a separate group.
 */
export const groupNormalization = (options: GroupNormalizationOptions = {}): LayerConfigOf<'groupNormalization'> =>
  layer('groupNormalization', options);

/** y = activation(x), elementwise: Keras' Activation. A softmax is allowed only at the end of the model. */
export const activation = (options: ActivationOptions): LayerConfigOf<'activation'> => layer('activation', options);

/**
 * During training, each element is set to 0 with probability `rate` and otherwise divided by 1 - rate: Keras' Dropout. The mask
 * is a function of (seed, epoch, the sample's position in the epoch, layer). Inference passes the input through.
 */
export const dropout = (options: DropoutOptions): LayerConfigOf<'dropout'> => layer('dropout', options);

/**
 * During training, whole channels of a sample are set to 0 with probability `rate` and otherwise divided by 1 - rate: Keras'
 * SpatialDropout2D. The mask is a function of (seed, epoch, the sample's position in the epoch, layer). Inference passes the
 * input through.
 */
export const spatialDropout2d = (options: DropoutOptions): LayerConfigOf<'spatialDropout2d'> =>
  layer('spatialDropout2d', options);

/**
 * During training, adds normal noise with mean 0: Keras' GaussianNoise. The noise is a function of (seed, epoch, the sample's
 * position in the epoch, layer). Inference passes the input through.
 */
export const gaussianNoise = (options: GaussianNoiseOptions): LayerConfigOf<'gaussianNoise'> =>
  layer('gaussianNoise', options);

/** The elementwise sum of its inputs: Keras' Add. An axis of length 1 is broadcast. */
export const add = (options: LayerOptions): LayerConfigOf<'add'> => layer('add', options);

/** The elementwise product of its inputs: Keras' Multiply. An axis of length 1 is broadcast. */
export const multiply = (options: LayerOptions): LayerConfigOf<'multiply'> => layer('multiply', options);

/** The elementwise mean of its inputs: Keras' Average. An axis of length 1 is broadcast. */
export const average = (options: LayerOptions): LayerConfigOf<'average'> => layer('average', options);

/**
 * The elementwise maximum of its inputs: Keras' Maximum. An axis of length 1 is broadcast. The gradient goes to the first of
 * equal inputs.
 */
export const maximum = (options: LayerOptions): LayerConfigOf<'maximum'> => layer('maximum', options);

/** Concatenates its inputs along an axis, by default the last: Keras' Concatenate. Axis 0 is the batch. */
export const concatenate = (options: ConcatenateOptions): LayerConfigOf<'concatenate'> => layer('concatenate', options);

/** [batch, height, width, channels] -> [batch, height * width * channels]: Keras' Flatten. */
export const flatten = (options: LayerOptions = {}): LayerConfigOf<'flatten'> => layer('flatten', options);

/** The same elements in another shape, without the batch dimension: Keras' Reshape. One axis may be -1, which is then inferred. */
export const reshape = (options: ReshapeOptions): LayerConfigOf<'reshape'> => layer('reshape', options);

/** Adds rows and columns of zeros around an image: Keras' ZeroPadding2D. */
export const zeroPadding2d = (options: ZeroPadding2dOptions = {}): LayerConfigOf<'zeroPadding2d'> =>
  layer('zeroPadding2d', options);

/** Removes rows and columns at the border of an image: Keras' Cropping2D, whose default is 0. */
export const cropping2d = (options: Cropping2dOptions = {}): LayerConfigOf<'cropping2d'> =>
  layer('cropping2d', options);

/** Each pixel becomes `size` pixels, repeated or interpolated bilinearly between pixel centers: Keras' UpSampling2D. */
export const upSampling2d = (options: UpSampling2dOptions = {}): LayerConfigOf<'upSampling2d'> =>
  layer('upSampling2d', options);
