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

/** Some training images, and what an augmentation makes of them. */
export interface PreviewRequest extends Source {
  augmentation: AugmentationConfig;
  seed: number;
  /** Images that would be trained on: what is feature-wise is fitted to the first of them. */
  trainSamples: number;
  /** How many images are shown. */
  rows: number;
  /** The epochs whose augmented are expected; the trainer's are the same. */
  epochs: number[];
}

type ImageShape = [height: number, width: number, channels: number];

export interface Preview {
  imageShape: ImageShape;
  /** The images as they are, one after the other, NHWC bytes. */
  originals: Uint8Array<ArrayBuffer>;
  labels: string[];
  /** An entry for each epoch, all samples in it. */
  augmented: {
    shape: ImageShape;
    /** Grey levels 0 to 255. */
    images: Float32Array;
    parameters: SampleParameters[];
  }[];
  /** What is drawn has no grey levels, and each image is stretched to them. */
  stretched: boolean;
  /** Images that feature-wise statistics are of, where they are asked for, and of how many they are in training. */
  fitted?: { to: number; of: number };
  /** Features of an image whose whitening is left out. */
  unwhitened?: number;
}

/** The shape that comes out. @throws ConfigurationError with its place, for an augmentation that is invalid. */
export async function augmentedShape(augmentation: AugmentationConfig, imageShape: ImageShape): Promise<ImageShape> {
  const augmenter = createAugmenter(await device(), { imageShape, augmentation });
  augmenter.dispose();
  return augmenter.outputShape;
}

/** The one of the last preview, whose pipelines are compiled. */
let last: { gpu: Gpu; key: string; statistics?: FeatureStatistics; augmenter: Augmenter } | undefined;

/** Warps images by the kernel that trains: the same draw of the same sample as in that epoch of a run with this seed. */
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
    // First the new one: where it is invalid, the last stays.
    const augmenter = createAugmenter(gpu, { imageShape, augmentation, seed, count, statistics });
    last?.augmenter.dispose();
    last = { gpu, key, statistics, augmenter };
  }
  const { augmenter } = last;
  let stretched = false;
  const augmented = await Promise.all(
    epochs.map(async (epoch) => {
      const drawing = augmenter.draw({ epoch, samples });
      // Both at once where nothing is to be known of a draw before: each compiles for itself.
      const partners = isMixing(augmentation) ? partnersIn(await drawing) : [];
      const [parameters, applied] = await Promise.all([
        drawing,
        augmenter.apply(await pixelsAt(train, [...samples, ...partners]), { epoch, samples }),
      ]);
      const made = augmenter.toGreyLevels(applied);
      stretched = made.stretched;
      return { shape: augmenter.outputShape, images: made.images, parameters };
    }),
  );
  const named = samples.map((at) => classNames[labels[at]!] ?? `training image ${at}`);
  return { imageShape, originals: await pixelsAt(train, samples), labels: named, augmented, stretched, ...facts };
}

/** Images of as many classes as there are, the first of each, and then the first ones: files of one's own lie class by class. */
function firstOfClasses(labels: ArrayLike<number>, rows: number): number[] {
  const all = Array.from(labels);
  const first = [...new Set(all)].map((label) => all.indexOf(label)).slice(0, rows);
  const others = Array.from({ length: Math.min(2 * rows, all.length) }, (_, at) => at).filter(
    (at) => !first.includes(at),
  );
  return [...first, ...others].slice(0, rows);
}

/** Whether images are mixed with others, which they have to come with. */
const isMixing = (augmentation: AugmentationConfig) =>
  Array.isArray(augmentation) && ['mixUp', 'cutMix'].includes(augmentation.at(-1)?.type);

const partnersIn = (augmented: readonly SampleParameters[]) =>
  augmented.flatMap((drawn) => ('partner' in drawn && drawn.partner ? [drawn.partner.sample] : []));

/** A preview shouldn't be long in coming: sums over so many images, or so many bytes of pictures to decode, and a whitening matrix of so many features. */
const fittedMost = { images: 10_000, whitened: 2_000, features: 1_024, decodedBytes: 2 ** 25 };

/** All of them, decoded where they are in files. */
const imagesOf = (dataset: Dataset) =>
  dataset.source
    ? pixelsAt(
        dataset,
        Array.from({ length: dataset.count }, (_, i) => i),
      )
    : dataset.images;

let known: { of: Dataset; key: string; statistics: FeatureStatistics } | undefined;

/** An augmentation as the trainer takes it, with what it needs to know of the training images. */
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
