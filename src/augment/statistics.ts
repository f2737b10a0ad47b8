import { ConfigurationError } from '../errors.ts';
import { product } from '../product.ts';
import { whiteningMatrix } from './whitening.ts';

/** Which ImageDataGenerator: wgrad's own, today's Keras, or the last line of the old package. */
export type KerasCompat = 'corrected' | 'keras' | 'keras-preprocessing-1.1';

/** Sums over all pixels of all images, as the images are stored. Of bytes they can be exact, and then so is what follows. */
export interface ChannelSums {
  /** Pixels: images x height x width. */
  count: number;
  /** The sums of x and of x * x, one for each channel. */
  sum: ArrayLike<number>;
  sumOfSquares: ArrayLike<number>;
}

/** Sums over all images, each a row of height x width x channels features. */
export interface ProductSums {
  /** Images. */
  count: number;
  /** The sums of x_i. */
  sum: ArrayLike<number>;
  /** The sums of x_i x_j: [features, features], symmetric. */
  gram: ArrayLike<number>;
}

export interface FitOptions {
  compat: KerasCompat;
  /** Multiplies the images before anything is summed; keras-preprocessing 1.1 forgets that in `fit`, though not later. */
  rescale?: number;
}

/** How images are normalised by what is known of the whole set: y = (x rescale - mean) / (std + 1e-6). */
export interface ChannelStatistics {
  mean: Float64Array;
  std: Float64Array;
}

const scaleOf = ({ compat, rescale = 1 }: FitOptions) => (compat === 'keras-preprocessing-1.1' ? 1 : rescale);

/**
 * Mean and standard deviation of each channel, as Keras' `fit` takes them for featurewiseCenter and
 * featurewiseStdNormalization: over images, rows and columns, the deviation that of the whole (divided by n).
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
 * The channels' mean and the matrix of zcaWhitening: y = (x rescale - mean) W, the image a row. Keras centres by channel
 * also here, so what is decomposed is the second moment of the features about their channel's mean.
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

/** The parts of the normalization that are done, by Keras' rules for options that imply others. */
export interface Normalization {
  samplewiseCenter: boolean;
  samplewiseStdNormalization: boolean;
  featurewiseCenter: boolean;
  featurewiseStdNormalization: boolean;
  zcaWhitening: boolean;
}

/** A division by a deviation wants the mean taken off before, and so does whitening, which makes the deviation needless. */
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
 * @param mostBytes of one storage buffer: the device's maxStorageBufferBindingSize.
 * @throws ConfigurationError where the matrix of zcaWhitening, features x features x 4 bytes, would be larger.
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
