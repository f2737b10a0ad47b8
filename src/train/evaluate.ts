import type { Dataset } from '../data/dataset.ts';
import type { DatasetInput } from '../plan/input.ts';
import type { Engine, WhichWeights } from './engine.ts';

export interface Evaluation {
  /** Mean over the samples. */
  loss: number;
  /** 0 to 1. */
  accuracy: number;
}

/** Loss and accuracy on a data set, without augmentation: `Trainer.evaluate`. */
export async function evaluate(engine: Engine, dataset: Dataset, weights: WhichWeights): Promise<Evaluation> {
  const input = await engine.input(dataset, engine.plain, engine.steps.evaluation);
  try {
    return await engine.withWeights(weights, () => evaluateInput(engine, input, dataset.count));
  } finally {
    await engine.scheduler.abandon();
    input.dispose();
  }
}

/** The same on a data set that lies on the GPU already. */
export async function evaluateInput(engine: Engine, input: DatasetInput, count: number): Promise<Evaluation> {
  const { scheduler, reader, disposal } = engine;
  const { network, evaluation } = engine.steps;
  const recording = [evaluation.begin, ...input.recording, ...network.inference.forward, evaluation.inferenceLoss];
  const sum = { loss: 0, correct: 0 };
  const take = (bytes: ArrayBuffer, records: number) => {
    for (let i = 0; i < records; i++) {
      const { loss, accuracy, samples } = reader.read(bytes, i)!;
      sum.loss += loss * samples;
      sum.correct += accuracy * samples;
    }
  };
  engine.beginEpoch(
    evaluation,
    input,
    Uint32Array.from({ length: count }, (_, i) => i),
  );
  for (let left = Math.ceil(count / engine.settings.batchSize); left > 0; ) {
    disposal.throwIfAborted();
    const submitted = await scheduler.submit(evaluation.records, recording, engine.evaluationSteps + 1, left, take);
    engine.evaluationBegan(submitted);
    left -= submitted;
  }
  await scheduler.drain();
  return { loss: sum.loss / count, accuracy: Math.round(sum.correct) / count };
}
