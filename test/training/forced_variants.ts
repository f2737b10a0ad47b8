import { createTrainer, type Dataset, type TrainerOptions } from '../../src/index.ts';
import { gpu as shared } from '../gpu/shared_gpu.ts';
import { batchOf } from './small.ts';

/** The gradients of a network on a small data set's only batch, and what a step on it changes: with the variants of the options. */
export async function trainOnce(options: TrainerOptions, dataset: Dataset, gpu = shared) {
  const [images, labels] = batchOf(dataset, 0, dataset.count);
  const trainer = createTrainer(gpu, options);
  try {
    const weights = await trainer.getWeights();
    const batch = await trainer.gradients(images, labels);
    const { loss } = await trainer.trainOnBatch(images, labels);
    const { dispatches } = await trainer.profile(dataset, { steps: 1 });
    return { model: trainer.model, weights, batch, loss, after: await trainer.getWeights(), dispatches };
  } finally {
    trainer.dispose();
  }
}
