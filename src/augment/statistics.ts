import { ConfigurationError } from '../errors.ts';
import { product } from '../product.ts';
import { whiteningMatrix } from './whitening.ts';

/** Which ImageDataGenerator to reproduce: wgrad's corrected version, today's Keras, or the last release of the old package. */
export type KerasCompat = 'corrected' | 'keras' | 'keras-preprocessing-1.1';

/** Sums over all pixels of all images, in the stored values. For bytes they can be exact, and then so are the statistics. */
export interface ChannelSums {
  /** Number of pixels: images x height x width. */
  count: number;
  /** Sums of x and of x * x per channel. */
  sum: ArrayLike<number>;
  sumOfSquares: ArrayLike<number>;
}

/** Sums over all images, each flattened to height x width x channels features. */
export interface ProductSums {
  /** Number of images. */
  count: number;
  /** Sums of x_i. */
  sum: ArrayLike<number>;
  /** Sums of x_i x_j: [features, features], symmetric. */
  gram: ArrayLike<number>;
}

export interface FitOptions {
  compat: KerasCompat;
  /** Factor applied to the images before summing. `fit` of keras-preprocessing 1.1 ignores it, although later steps don't. */
  rescale?: number;
}

/** Normalization with statistics of the whole set: y = (x rescale - mean) / (std + 1e-6). */
export interface ChannelStatistics {
  mean: Float64Array;
  std: Float64Array;
}

const scaleOf = ({ compat, rescale = 1 }: FitOptions) => (compat === 'keras-preprocessing-1.1' ? 1 : rescale);

/**
 * Mean and standard deviation per channel, as Keras' `fit` computes them for featurewiseCenter and featurewiseStdNormalization:
 * over images, rows and columns; the standard deviation is the population one (divided by n).
 */
export function fitChannels({ count, sum, sumOfSquares }: ChannelSums, options: FitOptions): ChannelStatistics {
  const scale = scaleOf(options);
  const mean = Float64Array.from(sum, (s) => s / count);
  const variance = mean.map((m, c) => Math.max(0, sumOfSquares[c]! / count - m * m));
  return { mean: mean.map((m) => m * scale), std: variance.map((v) => Math.sqrt(v) * Math.abs(scale)) };
}

export interface WhiteningOptions extends FitOptions {
  channels: number;
  zcaEpsilon?: number;
}

/**
 * The channel means and the matrix of zcaWhitening: y = (x rescale - mean) W, with the image flattened into a row. Keras centers by
 * channel here too, so the decomposed matrix is the second moment of the features about their channel means.
 */
export async function fitWhitening(
  { count, sum, gram }: ProductSums,
  { channels, zcaEpsilon = 1e-6, ...options }: WhiteningOptions,
): Promise<{ mean: Float64Array; zcaMatrix: Float64Array }> {
  const scale = scaleOf(options);
  const features = sum.length;
  const mean = new Float64Array(channels);
  for (let i = 0; i < features; i++) mean[i % channels]! += sum[i]! / (count * (features / channels));
  const about = new Float64Array(features * features);
  for (let i = 0; i < features; i++) {
    for (let j = 0; j < features; j++) {
      const [m, n] = [mean[i % channels]!, mean[j % channels]!];
      const moment = gram[i * features + j]! - sum[i]! * n - sum[j]! * m + count * m * n;
      about[i * features + j] = moment * scale * scale;
    }
  }
  return {
    mean: mean.map((m) => m * scale),
    zcaMatrix: await whiteningMatrix(about, count, zcaEpsilon, options.compat),
  };
}

/** The parts of the normalization that are applied, following Keras' rules for options that imply others. */
export interface Normalization {
  samplewiseCenter: boolean;
  samplewiseStdNormalization: boolean;
  featurewiseCenter: boolean;
  featurewiseStdNormalization: boolean;
  zcaWhitening: boolean;
}

/** Dividing by the standard deviation implies subtracting the mean; so does whitening, which makes the division redundant. */
export function normalizationOf(expected: Partial<Normalization>): Normalization {
  const zcaWhitening = expected.zcaWhitening ?? false;
  const featurewiseStdNormalization = (expected.featurewiseStdNormalization ?? false) && !zcaWhitening;
  const samplewiseStdNormalization = expected.samplewiseStdNormalization ?? false;
  return {
    samplewiseCenter: expected.samplewiseCenter === true || samplewiseStdNormalization,
    samplewiseStdNormalization,
    featurewiseCenter: expected.featurewiseCenter === true || featurewiseStdNormalization || zcaWhitening,
    featurewiseStdNormalization,
    zcaWhitening,
  };
}

/**
 * @param mostBytes maximum size of a storage buffer: the device's maxStorageBufferBindingSize.
 * @throws ConfigurationError if the matrix of zcaWhitening, features x features x 4 bytes, is larger.
 */
export function requireWhiteningFits(imageShape: readonly number[], mostBytes: number): void {
  const features = product(imageShape);
  const bytes = features * features * 4;
  if (bytes <= mostBytes) return;
  const mebibytes = (n: number) => `${(n / 2 ** 20).toFixed(1)} MiB`;
  throw new ConfigurationError({
    what: `zcaWhitening of ${imageShape.join(' x ')} images has ${features} features, and its matrix as many squared`,
    found: `${bytes} bytes (${mebibytes(bytes)})`,
    expected: `at most ${mostBytes} bytes (${mebibytes(mostBytes)}): ${Math.floor(Math.sqrt(mostBytes / 4))} features`,
    fix: 'use smaller images, or featurewiseStdNormalization instead',
    place: ['zcaWhitening'],
  });
}
