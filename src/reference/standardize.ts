import type { Picture } from './augment.ts';

type Numbers = ArrayLike<number>;

/** The steps of Keras' standardize, in this order; omitted ones are skipped. */
export interface Standardization {
  rescale?: number;
  samplewiseCenter?: boolean;
  samplewiseStdNormalization?: boolean;
  /** One per channel, for featurewiseCenter. */
  mean?: Numbers;
  /** One per channel, for featurewiseStdNormalization. */
  std?: Numbers;
  /** [features, features], row by row, for zcaWhitening. */
  zcaMatrix?: Numbers;
}

/** Keras adds this to a standard deviation before dividing by it. */
const floor = 1e-6;

/** Keras' standardize for one image (keras/src/legacy/preprocessing/image.py). Samplewise statistics are over all elements. */
export function standardize(image: Numbers, { channels }: Picture, how: Standardization): Float64Array {
  let y = Float64Array.from(image, (value) => value * (how.rescale ?? 1));
  if (how.samplewiseCenter) {
    const mean = meanOf(y);
    y = y.map((value) => value - mean);
  }
  if (how.samplewiseStdNormalization) {
    const mean = meanOf(y);
    const std = Math.sqrt(meanOf(y.map((value) => (value - mean) ** 2)));
    y = y.map((value) => value / (std + floor));
  }
  if (how.mean) y = y.map((value, at) => value - how.mean![at % channels]!);
  if (how.std) y = y.map((value, at) => value / (how.std![at % channels]! + floor));
  if (how.zcaMatrix) {
    const [x, matrix] = [y, how.zcaMatrix];
    y = x.map((_, j) => x.reduce((sum, value, i) => sum + value * matrix[i * x.length + j]!, 0));
  }
  return y;
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** sum[c] and sumOfSquares[c] over all pixels of all images, NHWC. */
export function sumChannels(images: Numbers, channels: number) {
  const sum = new Float64Array(channels);
  const sumOfSquares = new Float64Array(channels);
  for (let at = 0; at < images.length; at++) {
    sum[at % channels]! += images[at]!;
    sumOfSquares[at % channels]! += images[at]! ** 2;
  }
  return { count: images.length / channels, sum, sumOfSquares };
}

/** sum[i] = sum of x_i, gram[i, j] = sum of x_i x_j, over all images of `features` elements. */
export function sumProducts(images: Numbers, features: number) {
  const count = images.length / features;
  const sum = new Float64Array(features);
  const gram = new Float64Array(features * features);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < features; i++) {
      const value = images[n * features + i]!;
      sum[i]! += value;
      for (let j = 0; j < features; j++) gram[i * features + j]! += value * images[n * features + j]!;
    }
  }
  return { count, sum, gram };
}
