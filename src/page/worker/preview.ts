import { type AugmentationConfig, type Augmenter, createAugmenter, type SampleParameters } from '../../index.ts';
import { load } from './datasets.ts';
import { device } from './device.ts';

/** Some training images, and what an augmentation makes of them. */
export interface PreviewRequest {
  dataset: string;
  augmentation: AugmentationConfig;
  seed: number;
  /** Indices in the training set. */
  samples: number[];
  /** The epochs whose draws are wanted; the trainer's are the same. */
  epochs: number[];
}

export interface Preview {
  imageShape: [height: number, width: number, channels: number];
  /** The images as they are, one after the other, NHWC bytes. */
  originals: Uint8Array<ArrayBuffer>;
  labels: string[];
  /** An entry for each epoch, all samples in it. */
  draws: {
    shape: [height: number, width: number, channels: number];
    images: Float32Array;
    parameters: SampleParameters[];
  }[];
}

/** The one of the last preview, whose pipelines are compiled. */
let last: { key: string; augmenter: Augmenter } | undefined;

/** Warps images by the kernel that trains: the same draw of the same sample as in that epoch of a run with this seed. */
export async function previewOf({ dataset, augmentation, seed, samples, epochs }: PreviewRequest): Promise<Preview> {
  const gpu = await device();
  const { train } = await load(dataset);
  const { imageShape, images, labels, classNames } = train;
  const bytes = imageShape.reduce((a, b) => a * b, 1);
  // Grey levels come out as they went in: rescale is for the network.
  const shown = Array.isArray(augmentation) ? augmentation : { ...augmentation, rescale: 1 };
  const key = JSON.stringify([imageShape, shown, seed, train.count]);
  if (last?.key !== key) {
    // First the new one: where it makes no sense, the last stays.
    const augmenter = createAugmenter(gpu, { imageShape, augmentation: shown, seed, count: train.count });
    last?.augmenter.dispose();
    last = { key, augmenter };
  }
  const { augmenter } = last;
  const take = (indices: readonly number[]) => {
    const taken = new Uint8Array(indices.length * bytes);
    for (const [i, at] of indices.entries()) taken.set(images.subarray(at * bytes, (at + 1) * bytes), i * bytes);
    return taken;
  };
  const draws = await Promise.all(
    epochs.map(async (epoch) => {
      const parameters = await augmenter.draw({ epoch, samples });
      const partners = parameters.flatMap((drawn) =>
        'partner' in drawn && drawn.partner ? [drawn.partner.sample] : [],
      );
      const made = await augmenter.apply(take([...samples, ...partners]), { epoch, samples });
      return { shape: augmenter.outputShape, images: made, parameters };
    }),
  );
  return { imageShape, originals: take(samples), labels: samples.map((at) => classNames[labels[at]!]!), draws };
}
