import type { Dataset } from '../data/dataset.ts';
import { readSlices } from '../gpu/readback.ts';
import { replay } from '../gpu/recording.ts';
import { countImages, imageElements } from './batch.ts';
import type { Engine } from './engine.ts';
import type { DatasetInput } from './input.ts';

export interface Evaluation {
  /** Mean over the samples. */
  loss: number;
  /** 0 to 1. */
  accuracy: number;
}

/** Loss and accuracy on a data set, without augmentation: `Trainer.evaluate`. */
export async function evaluate(engine: Engine, dataset: Dataset): Promise<Evaluation> {
  const input = await engine.input(dataset, engine.plain, engine.steps.evaluation);
  try {
    return await evaluateInput(engine, input, dataset.count);
  } finally {
    await engine.scheduler.abandon();
    input.dispose();
  }
}

/** The same on a data set that lies on the GPU already. */
export async function evaluateInput(engine: Engine, input: DatasetInput, count: number): Promise<Evaluation> {
  const { scheduler, reader, disposal, begun } = engine;
  const { network, evaluation } = engine.steps;
  const recording = [evaluation.begin, ...input.recording, ...network.forward, evaluation.loss];
  const sum = { loss: 0, hits: 0 };
  const take = (bytes: ArrayBuffer, records: number) => {
    for (let i = 0; i < records; i++) {
      const { loss, accuracy, samples } = reader.read(bytes, i)!;
      sum.loss += loss * samples;
      sum.hits += accuracy * samples;
    }
  };
  engine.beginEpoch(
    evaluation,
    input,
    Uint32Array.from({ length: count }, (_, i) => i),
  );
  for (let left = Math.ceil(count / engine.settings.batchSize); left > 0; ) {
    disposal.throwIfAborted();
    const submitted = await scheduler.submit(evaluation.records, recording, begun.evaluation + 1, left, take);
    begun.evaluation += submitted;
    left -= submitted;
  }
  await scheduler.drain();
  return { loss: sum.loss / count, accuracy: Math.round(sum.hits) / count };
}

/** Probabilities [n, classes] of float images: `Trainer.predict`. */
export async function predict(engine: Engine, images: Float32Array): Promise<Float32Array> {
  const { gpu, memory } = engine;
  const { network, evaluation, probabilities } = engine.steps;
  const { model, classes, batchSize, seed } = engine.settings;
  const elements = imageElements(model);
  const count = countImages(model, images);
  const out = memory.storage('predictions', Math.max(1, count * classes));
  try {
    for (let first = 0; first < count; first += batchSize) {
      const n = Math.min(batchSize, count - first);
      engine.write(network.input, images.subarray(first * elements, (first + n) * elements));
      engine.writeState(evaluation, { seed, epoch: 0, position: 0, samples: n });
      const encoder = gpu.device.createCommandEncoder({ label: 'predict' });
      const pass = encoder.beginComputePass();
      replay(pass, [evaluation.begin, ...network.forward, evaluation.loss]);
      pass.end();
      const { buffer, offset } = probabilities;
      encoder.copyBufferToBuffer(buffer, offset, out.buffer, first * classes * 4, n * classes * 4);
      gpu.device.queue.submit([encoder.finish()]);
      engine.begun.evaluation++;
    }
    const [bytes] = await readSlices(gpu, memory, [out]);
    return new Float32Array(bytes!, 0, count * classes);
  } finally {
    memory.free(out.buffer);
  }
}
