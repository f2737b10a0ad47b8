import { readSlices } from '../gpu/readback.ts';
import type { Recorder } from '../gpu/recorder.ts';
import { submit } from '../gpu/submission.ts';
import { type ImageSource, sourceOfImages } from '../image_source.ts';
import { denseBackwardW, denseBackwardWNarrow, squareProduct } from '../kernels/dense.ts';
import { product } from '../product.ts';
import type { FeatureStatistics, FilledGenerator } from './image_data_generator.ts';
import { type ChannelSums, fitChannels, fitWhitening, requireWhiteningFits } from './statistics.ts';

type Images = Uint8Array | Float32Array;

/** Images in memory, or a data set's, which are read in parts. */
type Fitted = Images | { images: Uint8Array; imageShape: readonly number[]; count: number; source?: ImageSource };

/** Images a dispatch of the product that whitening wants. */
const imagesAtOnce = 1024;

/**
 * Keras' `fit`: mean and standard deviation of each channel over the training images, and the whitening matrix where
 * it is asked for. Sums are made on the host, of bytes exactly; the product of all features with each other, which
 * is by far the most work, on the GPU.
 *
 * @param recorder whose memory takes what is needed meanwhile.
 * @param images NHWC.
 * @throws ConfigurationError for a whitening matrix that the adapter can't bind.
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
  // Keras' old fit forgets rescale, so the mean of the raw images is computed again.
  const raw = fitChannels(await sumUp(seen, channels), { compat: 'corrected' }).mean;
  const products = await multiplyOut(recorder, seen, imageShape, raw);
  const { zcaMatrix } = await fitWhitening(products, { ...options, channels, zcaEpsilon: generator.zcaEpsilon });
  return { ...statistics, zca: Float32Array.from(zcaMatrix) };
}

/** The images in parts of `imagesAtOnce`, the last one smaller. */
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

/** Over all pixels: sums of whole numbers are exact up to 2^53. */
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
 * Sums of x_i and of x_i x_j over all images, about the channels' means, because float32 would lose a small variance in
 * the square of a large mean. The product is a dense layer's weight gradient with the images on both sides.
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
  // The gradient of a bias is the sum of the images.
  const shape = { ...squareProduct(batch, features), useBias: true };
  const x = memory.storage('fit.x', batch * features);
  const dw = memory.storage('fit.gram', features * features);
  const db = memory.storage('fit.sum', features);
  const kernel = features % 4 === 0 ? denseBackwardW : denseBackwardWNarrow;
  const dispatch = await recorder.dispatch(kernel, shape, { x, dy: x, dw, db });
  for (let first = 0; first < count; first += batch) {
    // Missing samples of the last round are zero, and add nothing.
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
