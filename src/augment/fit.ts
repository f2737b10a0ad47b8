import { readSlices } from '../gpu/readback.ts';
import type { Recorder } from '../gpu/recorder.ts';
import { submit } from '../gpu/submission.ts';
import { type ImageSource, sourceOfImages } from '../image_source.ts';
import { denseBackwardW, denseBackwardWNarrow, squareProduct } from '../kernels/dense.ts';
import { product } from '../product.ts';
import type { FeatureStatistics, FilledGenerator } from './image_data_generator.ts';
import { type ChannelSums, fitChannels, fitWhitening, requireWhiteningFits } from './statistics.ts';

type Images = Uint8Array | Float32Array;

/** Images in memory, or a data set that is read in parts. */
type Fitted = Images | { images: Uint8Array; imageShape: readonly number[]; count: number; source?: ImageSource };

/** Number of images per dispatch of the matrix product for whitening. */
const imagesAtOnce = 1024;

/**
 * Computes the statistics of Keras' `fit`: mean and standard deviation per channel over the training images, and the whitening
 * matrix if it is requested. The host computes the sums, which are exact for bytes; the GPU computes the product of all pairs of
 * features, which is by far the most expensive step.
 *
 * @param recorder whose memory holds the temporary buffers.
 * @param images NHWC.
 * @throws ConfigurationError if the whitening matrix exceeds the adapter's binding limit.
 */
export async function fitStatistics(
  recorder: Recorder,
  generator: FilledGenerator,
  imageShape: readonly [number, number, number],
  images: Fitted,
): Promise<FeatureStatistics> {
  const [, , channels] = imageShape;
  const seen = partsOf(images, imageShape);
  const options = { compat: generator.compat, rescale: generator.rescale };
  const { mean, std } = fitChannels(await sumUp(seen, channels), options);
  const statistics = { mean: [...mean], std: [...std] };
  if (!generator.zcaWhitening) return statistics;
  requireWhiteningFits(imageShape, recorder.gpu.device.limits.maxStorageBufferBindingSize);
  // The old package's fit forgets rescale, so the mean of the unscaled images has to be computed separately.
  const raw = fitChannels(await sumUp(seen, channels), { compat: 'corrected' }).mean;
  const products = await multiplyOut(recorder, seen, imageShape, raw);
  const { zcaMatrix } = await fitWhitening(products, { ...options, channels, zcaEpsilon: generator.zcaEpsilon });
  return { ...statistics, zca: Float32Array.from(zcaMatrix) };
}

/** The images in chunks of `imagesAtOnce`; the last chunk may be smaller. */
interface Parts {
  count: number;
  read: (first: number, last: number) => Promise<Images>;
}

function partsOf(images: Fitted, imageShape: readonly number[]): Parts {
  const features = product(imageShape);
  if ('count' in images) {
    const source = sourceOfImages(images);
    const read = (first: number, last: number) =>
      source.read(Uint32Array.from({ length: last - first }, (_, i) => first + i));
    return { count: images.count, read };
  }
  const read = async (first: number, last: number) => images.subarray(first * features, last * features);
  return { count: images.length / features, read };
}

/** Sums over all pixels. Sums of integers are exact up to 2^53. */
async function sumUp({ count, read }: Parts, channels: number): Promise<ChannelSums> {
  const sum = new Float64Array(channels);
  const sumOfSquares = new Float64Array(channels);
  let pixels = 0;
  for (let first = 0; first < count; first += imagesAtOnce) {
    const images = await read(first, Math.min(count, first + imagesAtOnce));
    pixels += images.length / channels;
    for (let at = 0; at < images.length; at += channels) {
      for (let c = 0; c < channels; c++) {
        const value = images[at + c]!;
        sum[c]! += value;
        sumOfSquares[c]! += value * value;
      }
    }
  }
  return { count: pixels, sum, sumOfSquares };
}

/**
 * Computes the sums of x_i and of x_i x_j over all images, relative to the channel means: in float32, the square of a large mean
 * would swamp a small variance. The product is the weight gradient of a dense layer whose input and delta are both the images.
 */
async function multiplyOut(
  recorder: Recorder,
  { count, read }: Parts,
  imageShape: readonly number[],
  mean: Float64Array,
): Promise<{ count: number; sum: Float64Array; gram: Float64Array }> {
  const features = product(imageShape);
  const sum = new Float64Array(features);
  const gram = new Float64Array(features * features);
  const { gpu, memory } = recorder;
  const batch = Math.min(imagesAtOnce, count);
  // The bias gradient is the sum of the images.
  const shape = { ...squareProduct(batch, features), useBias: true };
  const x = memory.storage('fit.x', batch * features);
  const dw = memory.storage('fit.gram', features * features);
  const db = memory.storage('fit.sum', features);
  const kernel = features % 4 === 0 ? denseBackwardW : denseBackwardWNarrow;
  const dispatch = await recorder.dispatch(kernel, shape, { x, dy: x, dw, db });
  for (let first = 0; first < count; first += batch) {
    // Missing samples of the last round stay zero and add nothing.
    const centred = new Float32Array(batch * features);
    const images = await read(first, Math.min(count, first + batch));
    for (let i = 0; i < images.length; i++) centred[i] = images[i]! - mean[i % mean.length]!;
    gpu.device.queue.writeBuffer(x.buffer, x.offset, centred);
    submit(gpu.device, 'fit', (work) => work.compute([dispatch]));
    const [products, sums] = await readSlices(gpu, memory, [dw, db]);
    new Float32Array(products!, 0, gram.length).forEach((value, i) => {
      gram[i]! += value;
    });
    new Float32Array(sums!, 0, features).forEach((value, i) => {
      sum[i]! += value;
    });
  }
  return { count, sum, gram };
}
