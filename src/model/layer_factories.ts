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

/** A layer as plain JSON, checked at once. */
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
 * A convolution of each channel by itself: Keras' DepthwiseConv2D. The kernel is [kernelHeight, kernelWidth, channels,
 * depthMultiplier]; output channel c * depthMultiplier + m comes from input channel c.
 */
export const depthwiseConv2d = (options: DepthwiseConv2dOptions): LayerConfigOf<'depthwiseConv2d'> =>
  layer('depthwiseConv2d', options);

/**
 * A depthwise convolution and a 1x1 convolution over what it gives: Keras' SeparableConv2D. Tensors: depthwiseKernel
 * [kernelHeight, kernelWidth, channels, depthMultiplier], pointwiseKernel [1, 1, channels * depthMultiplier, filters], bias.
 */
export const separableConv2d = (options: SeparableConv2dOptions): LayerConfigOf<'separableConv2d'> =>
  layer('separableConv2d', options);

/**
 * A transposed convolution, the gradient of a convolution as a layer: Keras' Conv2DTranspose. The kernel is
 * [kernelHeight, kernelWidth, filters, channels]; `valid` gives (n - 1) * stride + max(kernel, stride) rows, `same` n * stride.
 */
export const conv2dTranspose = (options: Conv2dTransposeOptions): LayerConfigOf<'conv2dTranspose'> =>
  layer('conv2dTranspose', options);

/** x [batch, inputs] times kernel [inputs, units] plus bias [units]: Keras' Dense. */
export const dense = (options: DenseOptions): LayerConfigOf<'dense'> => layer('dense', options);

/** The largest element of each window: Keras' MaxPooling2D. `strides` is `poolSize` by default. */
export const maxPooling2d = (options: PoolingOptions = {}): LayerConfigOf<'maxPooling2d'> =>
  layer('maxPooling2d', options);

/** The mean of each window: Keras' AveragePooling2D. What `same` pads doesn't count. `strides` is `poolSize` by default. */
export const averagePooling2d = (options: PoolingOptions = {}): LayerConfigOf<'averagePooling2d'> =>
  layer('averagePooling2d', options);

/** The mean of each channel over all pixels: Keras' GlobalAveragePooling2D. [height, width, channels] -> [channels], or [1, 1, channels] with `keepdims`. */
export const globalAveragePooling2d = (options: GlobalPoolingOptions = {}): LayerConfigOf<'globalAveragePooling2d'> =>
  layer('globalAveragePooling2d', options);

/** The largest of each channel over all pixels: Keras' GlobalMaxPooling2D. [height, width, channels] -> [channels], or [1, 1, channels] with `keepdims`. */
export const globalMaxPooling2d = (options: GlobalPoolingOptions = {}): LayerConfigOf<'globalMaxPooling2d'> =>
  layer('globalMaxPooling2d', options);

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, mean and variance of each channel over the batch's real samples and
 * pixels: Keras' BatchNormalization. Inference, and a layer with `trainable: false`, use the moving statistics. A step that
 * counts moves them: moving += (batch's - moving) * (1 - momentum), with the population variance (over n), as Keras does;
 * PyTorch's running_var takes the unbiased one (over n - 1).
 */
export const batchNormalization = (options: BatchNormalizationOptions = {}): LayerConfigOf<'batchNormalization'> =>
  layer('batchNormalization', options);

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, mean and variance over the axes, the last one by default: Keras'
 * LayerNormalization. The axes are the last ones, without gaps: -1, [-2, -1] or [1, 2, 3] for images.
 */
export const layerNormalization = (options: LayerNormalizationOptions = {}): LayerConfigOf<'layerNormalization'> =>
  layer('layerNormalization', options);

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, mean and variance of each sample over the pixels and the channels of a
 * group: Keras' GroupNormalization. `groups` is 32 by default; -1 makes every channel a group of its own.
 */
export const groupNormalization = (options: GroupNormalizationOptions = {}): LayerConfigOf<'groupNormalization'> =>
  layer('groupNormalization', options);

/** y = activation(x), element by element: Keras' Activation. A softmax may only end the model. */
export const activation = (options: ActivationOptions): LayerConfigOf<'activation'> => layer('activation', options);

/**
 * Each element is 0 with probability `rate`, and else divided by 1 - rate, while the model trains: Keras' Dropout. The mask is a function of (seed, epoch, the sample's place in
 * the epoch, layer). Inference hands on what it gets.
 */
export const dropout = (options: DropoutOptions): LayerConfigOf<'dropout'> => layer('dropout', options);

/**
 * Whole channels of a sample are 0 with probability `rate`, the others divided by 1 - rate, while the model trains: Keras'
 * SpatialDropout2D. The mask is a function of (seed, epoch, the sample's place in
 * the epoch, layer). Inference hands on what it gets.
 */
export const spatialDropout2d = (options: DropoutOptions): LayerConfigOf<'spatialDropout2d'> =>
  layer('spatialDropout2d', options);

/**
 * Adds normal noise of mean 0 while the model trains: Keras' GaussianNoise. The noise is a function of (seed, epoch, the
 * sample's place in the epoch, layer). Inference hands on what it gets.
 */
export const gaussianNoise = (options: GaussianNoiseOptions): LayerConfigOf<'gaussianNoise'> =>
  layer('gaussianNoise', options);

/** The sum of its inputs, element by element: Keras' Add. An axis of length 1 is broadcast. */
export const add = (options: LayerOptions): LayerConfigOf<'add'> => layer('add', options);

/** The product of its inputs, element by element: Keras' Multiply. An axis of length 1 is broadcast. */
export const multiply = (options: LayerOptions): LayerConfigOf<'multiply'> => layer('multiply', options);

/** The mean of its inputs, element by element: Keras' Average. An axis of length 1 is broadcast. */
export const average = (options: LayerOptions): LayerConfigOf<'average'> => layer('average', options);

/** The largest of its inputs, element by element: Keras' Maximum. An axis of length 1 is broadcast; the gradient goes to the first of equal inputs. */
export const maximum = (options: LayerOptions): LayerConfigOf<'maximum'> => layer('maximum', options);

/** Its inputs one after the other along an axis, the last by default: Keras' Concatenate. The batch is axis 0. */
export const concatenate = (options: ConcatenateOptions): LayerConfigOf<'concatenate'> => layer('concatenate', options);

/** [batch, height, width, channels] -> [batch, height * width * channels]: Keras' Flatten. */
export const flatten = (options: LayerOptions = {}): LayerConfigOf<'flatten'> => layer('flatten', options);

/** The same elements in another shape, the batch left out: Keras' Reshape. One axis may be -1: what is left for it. */
export const reshape = (options: ReshapeOptions): LayerConfigOf<'reshape'> => layer('reshape', options);

/** Rows and columns of zeros around an image: Keras' ZeroPadding2D. */
export const zeroPadding2d = (options: ZeroPadding2dOptions = {}): LayerConfigOf<'zeroPadding2d'> =>
  layer('zeroPadding2d', options);

/** An image without some of its rows and columns at the border: Keras' Cropping2D, whose default is 0. */
export const cropping2d = (options: Cropping2dOptions = {}): LayerConfigOf<'cropping2d'> =>
  layer('cropping2d', options);

/** Every pixel becomes `size` pixels, alike or bilinear between the pixels' centers: Keras' UpSampling2D. */
export const upSampling2d = (options: UpSampling2dOptions = {}): LayerConfigOf<'upSampling2d'> =>
  layer('upSampling2d', options);
