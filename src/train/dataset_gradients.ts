import type { Dataset } from '../data/dataset.ts';
import { lossOf } from '../plan/phases.ts';
import type { Engine } from './engine.ts';
import { readTrained } from './weights.ts';

/** Implements `Trainer.datasetGradients`: the gradient on each batch of a data set, without an update. */
export async function datasetGradients(
  engine: Engine,
  dataset: Dataset,
  augmented: boolean,
): Promise<Float32Array[][]> {
  const { steps, disposal, settings } = engine;
  const { network, evaluation } = steps;
  await engine.fitAugmentation(dataset);
  const input = await engine.input(dataset, augmented ? engine.inputView : engine.plain, evaluation);
  try {
    const loss = lossOf(evaluation, input);
    const recording = [
      evaluation.begin,
      ...input.recording,
      ...network.gradient.forward,
      loss,
      ...network.gradient.backward,
      ...evaluation.norms,
    ];
    const places = augmented ? input.orderOf(1, true) : Uint32Array.from({ length: dataset.count }, (_, i) => i);
    input.begin(places.slice(0, dataset.count), { epoch: engine.epochs });
    const { seed, batchSize } = settings;
    const batches: Float32Array[][] = [];
    for (let position = 0; position < dataset.count; position += batchSize) {
      disposal.throwIfAborted();
      // Each batch is independent: a halt of an earlier one is cleared.
      const halt = { halted: 0, bad_in_a_row: 0 };
      engine.writeState(evaluation, { seed, epoch: engine.epochs, position, samples: dataset.count, ...halt });
      await input.stream?.ready(disposal, engine.gpu.failure);
      engine.run(recording);
      engine.evaluationBegan();
      input.stream?.submitted(batchSize);
      batches.push(await readTrained(engine, network.gradients.tensors));
      input.stream?.done(batchSize);
    }
    return batches;
  } finally {
    input.dispose();
  }
}
