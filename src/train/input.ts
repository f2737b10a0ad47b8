import { type Augmentation, parseAugmentation } from '../augment/config.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import type { KernelCache } from '../gpu/kernel.ts';
import { Memory, type Slice } from '../gpu/memory.ts';
import { bind, type Recording } from '../gpu/recording.ts';
import { augmentDraw, augmentWarp, warpWords } from '../kernels/augment.ts';

/** What the pictures of a data set pass through on their way into the network. */
export interface InputBuffers {
  state: Slice;
  /** Labels of the batch. */
  labels: Slice;
  /** Float images of the batch. */
  input: Slice;
}

/** A data set on the GPU, as bytes, and the dispatches that turn a batch of it into the network's input. */
export interface DatasetInput {
  recording: Recording;
  /** Which sample stands where in this epoch; the host writes it once an epoch. */
  order: Slice;
  dispose(): void;
}

/** No augmentation: bytes to 0..1. */
export const plainInput = { rescale: 1 / 255 };

/**
 * Uploads a data set once and records how a batch is drawn, warped and decoded from it.
 *
 * @throws ConfigurationError where its images are not the model's, or larger than the adapter can bind.
 */
export async function planInput(
  gpu: Gpu,
  cache: KernelCache,
  dataset: Dataset,
  model: { inputShape: readonly number[]; classes: number },
  augmentation: Augmentation,
  batch: number,
  buffers: InputBuffers,
): Promise<DatasetInput> {
  checkDataset(dataset, model);
  const memory = new Memory(gpu.device);
  const [height, width, channels] = dataset.imageShape;
  const images = memory.upload('dataset.images', dataset.images);
  const labels = memory.upload('dataset.labels', dataset.labels);
  const order = memory.storage('dataset.order', dataset.count);
  const warps = memory.storage('warps', batch * warpWords);
  const shape = { batch, height, width, channels, samples: dataset.count, augmentation };
  const [draw, warp] = await Promise.all([
    cache.compile(augmentDraw, { ...shape, labelled: true, parameters: false }),
    cache.compile(augmentWarp, { ...shape, bytes: true }),
  ]);
  const recording = [
    bind(gpu.device, draw, '', { state: buffers.state, order, labels, warps, batch_labels: buffers.labels }),
    bind(gpu.device, warp, '', { warps, images, y: buffers.input }),
  ];
  return { recording, order, dispose: () => memory.dispose() };
}

/** An augmentation as the trainer takes it: none is a plain division by 255. */
export function fillAugmentation(augmentation: unknown, imageShape: readonly [number, number, number]): Augmentation {
  return parseAugmentation({ ...plainInput, ...((augmentation ?? {}) as object) }, imageShape);
}

function checkDataset(dataset: Dataset, model: { inputShape: readonly number[]; classes: number }): void {
  const { imageShape, images, labels, count } = dataset;
  if (imageShape.join() !== model.inputShape.join()) {
    throw new ConfigurationError({
      what: "The data set's images are not what the model takes",
      found: imageShape,
      wanted: `[${model.inputShape.join(', ')}]`,
      fix: 'change the inputShape of the model or take another data set',
    });
  }
  const bytes = imageShape.reduce((a, b) => a * b, 1);
  if (count < 1 || images.length !== count * bytes || labels.length !== count) {
    throw new ConfigurationError({
      what: "The data set's parts don't fit each other",
      found: `count ${count}, ${images.length} bytes of images, ${labels.length} labels`,
      wanted: `${count * bytes} bytes of images and ${count} labels, of at least one image`,
      fix: 'make it with createDataset',
    });
  }
  const most = labels.reduce((a, b) => Math.max(a, b), 0);
  if (most >= model.classes) {
    throw new ConfigurationError({
      what: 'A label is outside the classes of the model',
      found: `label ${most} at image ${labels.indexOf(most)}`,
      wanted: `0 to ${model.classes - 1}`,
      fix: "give the last dense layer a unit for each of the data set's classes",
    });
  }
}
