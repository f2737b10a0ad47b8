import { createDataset } from '../../../src/data/index.ts';
import { createTrainer, type Gpu } from '../../../src/index.ts';
import { product } from '../../../src/product';
import { stepsBeforeUpgrade } from '../../../src/train/kernel_upgrades.ts';
import type { ScaleOrder } from '../protocol.ts';

/** Bytes of images to upload: a few small batches, or a large one. */
const mostBytes = 2 ** 20;
const mostBatches = 16;

/** Milliseconds per step of a long run on images of noise: the first steps are excluded, and as many follow as fit into the time. */
export async function scaleStep(gpu: Gpu, { model, batchSize, imageShape, classes, ms }: ScaleOrder): Promise<number> {
  const bytes = batchSize * product(imageShape);
  const batches = Math.max(1, Math.min(mostBatches, Math.floor(mostBytes / bytes)));
  const count = batches * batchSize;
  // The low bits of a multiplicative generator would repeat soon, so its high bits are used.
  let state = 1;
  const images = Uint8Array.from({ length: batches * bytes }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return state >>> 24;
  });
  const dataset = createDataset({
    ...{ images, imageShape, labels: Uint8Array.from({ length: count }, (_, i) => i % classes) },
    classNames: Array.from({ length: classes }, (_, i) => `${i}`),
  });
  const trainer = createTrainer(gpu, { model, batchSize, seed: 0 });
  const epoch = async () => {
    const { epochs } = await trainer.fit(dataset, { shuffle: false });
    await gpu.device.queue.onSubmittedWorkDone();
    return (1000 * epochs[0]!.seconds) / batches;
  };
  try {
    await epoch();
    const snapshot = await trainer.snapshot();
    // From this step on, a run uses its fastest kernels.
    await trainer.restore({ ...snapshot, progress: { ...snapshot.progress, step: stepsBeforeUpgrade } });
    await epoch();
    const times: number[] = [];
    const begun = performance.now();
    do times.push(await epoch());
    while (performance.now() - begun < ms);
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  } finally {
    trainer.dispose();
  }
}
