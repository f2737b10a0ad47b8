import { adam, createTrainer, type Dataset, openGpu } from '../../../src/index.ts';
import type { Contender, Setup } from './contender.ts';

/**
 * wgrad as documented: `fit` on a data set of bytes, which it uploads, decodes and trains on, with several steps per submission.
 * The timing therefore includes the upload, and every step the gradient norms of all layers.
 */
export async function startWgrad(setup: Setup, augmentation: Record<string, unknown> | null): Promise<Contender> {
  const { adapter, model, batchSize, seed, learningRate } = setup;
  const gpu = await openGpu({ adapter });
  const trainer = createTrainer(gpu, { model, optimizer: adam({ learningRate }), batchSize, seed, augmentation });
  let loaded: Dataset;
  return {
    device: gpu.device,
    async load(dataset) {
      loaded = dataset;
    },
    async train() {
      const { steps } = await trainer.fit(loaded, { shuffle: false });
      await gpu.device.queue.onSubmittedWorkDone();
      return steps.map(({ loss }) => loss);
    },
  };
}
