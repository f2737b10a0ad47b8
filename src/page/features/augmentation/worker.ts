import {
  type AugmentationConfig,
  type Augmenter,
  createAugmenter,
  type Dataset,
  type FeatureStatistics,
  type Gpu,
  type SampleParameters,
  takeFirst,
  tutorialAugmentation,
} from '../../../index.ts';
import { product } from '../../../product.ts';
import { load, type Source } from '../../app/worker/datasets.ts';
import { device } from '../../app/worker/device.ts';
import { pixelsAt } from '../../app/worker/pixels_at.ts';

/** Some training images, and the augmentation to apply to them. */
export interface PreviewRequest extends Source {
  augmentation: AugmentationConfig;
  seed: number;
  /** Number of training images: feature-wise statistics are computed from the first of them. */
  trainSamples: number;
  /** Number of images shown. */
  rows: number;
  /** Epochs whose augmented samples are requested; the trainer's samples are the same. */
  epochs: number[];
}

type ImageShape = [height: number, width: number, channels: number];

export interface Preview {
  imageShape: ImageShape;
  /** The original images, concatenated, as NHWC bytes. */
  originals: Uint8Array<ArrayBuffer>;
  labels: string[];
  /** One entry per epoch, with all samples. */
  augmented: {
    shape: ImageShape;
    /** Gray levels 0 to 255. */
    images: Float32Array;
    parameters: SampleParameters[];
  }[];
  /** The samples are not in the range of gray levels, so each image is stretched to it. */
  stretched: boolean;
  /**
   * Number of images that feature-wise statistics are computed from in the preview, and in training; undefined if there are none.
   */
  fitted?: { to: number; of: number };
  /** Number of features per image, if whitening is left out of the preview. */
  unwhitened?: number;
}

/** The shape of augmented images. @throws ConfigurationError with its path for an invalid augmentation. */
export async function augmentedShape(augmentation: AugmentationConfig, imageShape: ImageShape): Promise<ImageShape> {
  const augmenter = createAugmenter(await device(), { imageShape, augmentation });
  augmenter.dispose();
  return augmenter.outputShape;
}

/** The augmenter of the last preview, whose pipelines are compiled. */
let last: { gpu: Gpu; key: string; statistics?: FeatureStatistics; augmenter: Augmenter } | undefined;

/**
 * Augments images with the training kernels: the same random parameters for the same sample as in that epoch of a run with this
 * seed.
 */
export async function previewOf(request: PreviewRequest): Promise<Preview> {
  const { seed, rows, epochs } = request;
  const gpu = await device();
  const { train } = await load(request);
  const { imageShape, labels, classNames } = train;
  const { augmentation, statistics, ...facts } = await fittedOf(gpu, train, request);
  const count = Math.min(request.trainSamples, train.count);
  const samples = firstOfClasses(labels.subarray(0, count), rows);
  const key = JSON.stringify([imageShape, augmentation, seed, count]);
  if (last?.gpu !== gpu || last.key !== key || last.statistics !== statistics) {
    // The new augmenter is created first: if it is invalid, the previous one remains.
    const augmenter = createAugmenter(gpu, { imageShape, augmentation, seed, count, statistics });
    last?.augmenter.dispose();
    last = { gpu, key, statistics, augmenter };
  }
  const { augmenter } = last;
  let stretched = false;
  const augmented = await Promise.all(
    epochs.map(async (epoch) => {
      const drawing = augmenter.draw({ epoch, samples });
      // Drawing and describing run at the same time unless partners must be known first, because each compiles its own pipelines.
      const partners = isMixing(augmentation) ? partnersIn(await drawing) : [];
      const [parameters, applied] = await Promise.all([
        drawing,
        augmenter.apply(await pixelsAt(train, [...samples, ...partners]), { epoch, samples }),
      ]);
      const made = augmenter.toGrayLevels(applied);
      stretched = made.stretched;
      return { shape: augmenter.outputShape, images: made.images, parameters };
    }),
  );
  const named = samples.map((at) => classNames[labels[at]!] ?? `training image ${at}`);
  return { imageShape, originals: await pixelsAt(train, samples), labels: named, augmented, stretched, ...facts };
}

/** Indices of the first image of each class, then of the first images: the user's files are usually sorted by class. */
function firstOfClasses(labels: ArrayLike<number>, rows: number): number[] {
  const all = Array.from(labels);
  const first = [...new Set(all)].map((label) => all.indexOf(label)).slice(0, rows);
  const others = Array.from({ length: Math.min(2 * rows, all.length) }, (_, at) => at).filter(
    (at) => !first.includes(at),
  );
  return [...first, ...others].slice(0, rows);
}

/** Whether images are mixed with others, which must then be part of the preview. */
const isMixing = (augmentation: AugmentationConfig) =>
  Array.isArray(augmentation) && ['mixUp', 'cutMix'].includes(augmentation.at(-1)?.type);

const partnersIn = (augmented: readonly SampleParameters[]) =>
  augmented.flatMap((drawn) => ('partner' in drawn && drawn.partner ? [drawn.partner.sample] : []));

/**
 * Limits that keep the preview fast: images for statistics, images and features for a whitening matrix, and bytes of pictures to
 * decode.
 */
const fittedMost = { images: 10_000, whitened: 2_000, features: 1_024, decodedBytes: 2 ** 25 };

/** All images, decoded if they are in files. */
const imagesOf = (dataset: Dataset) =>
  dataset.source
    ? pixelsAt(
        dataset,
        Array.from({ length: dataset.count }, (_, i) => i),
      )
    : dataset.images;

let known: { of: Dataset; key: string; statistics: FeatureStatistics } | undefined;

/** The augmentation as the trainer uses it, with the statistics of the training images. */
async function fittedOf(
  gpu: Gpu,
  train: Dataset,
  { augmentation, trainSamples }: PreviewRequest,
): Promise<{
  augmentation: AugmentationConfig;
  statistics?: FeatureStatistics;
  fitted?: Preview['fitted'];
  unwhitened?: number;
}> {
  if (Array.isArray(augmentation)) return { augmentation };
  let generator = augmentation as Exclude<AugmentationConfig, readonly unknown[]>;
  generator = { ...generator, rescale: generator.rescale ?? tutorialAugmentation.rescale };
  const { featurewiseCenter, featurewiseStdNormalization, zcaWhitening, zcaEpsilon, compat, rescale } = generator;
  if (!featurewiseCenter && !featurewiseStdNormalization && !zcaWhitening) return { augmentation: generator };
  const features = product(train.imageShape);
  const isLong = zcaWhitening === true && features > fittedMost.features;
  if (isLong) generator = { ...generator, zcaWhitening: false, featurewiseCenter: true };
  const inMemory = train.source ? Math.ceil(fittedMost.decodedBytes / features) : Infinity;
  const most = Math.min(inMemory, zcaWhitening && !isLong ? fittedMost.whitened : fittedMost.images);
  const sample = takeFirst(train, Math.min(most, trainSamples, train.count));
  const key = JSON.stringify([sample.count, zcaWhitening && !isLong, zcaEpsilon, compat, rescale]);
  if (known?.of !== train || known.key !== key) {
    const augmenter = createAugmenter(gpu, { imageShape: train.imageShape, augmentation: generator });
    known = { of: train, key, statistics: await augmenter.fit(await imagesOf(sample)) };
    augmenter.dispose();
  }
  const { statistics } = known;
  const fitted = { to: sample.count, of: Math.min(trainSamples, train.count) };
  return { augmentation: generator, statistics, fitted, ...(isLong && { unwhitened: features }) };
}
