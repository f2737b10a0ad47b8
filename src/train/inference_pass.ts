import type { Dataset } from '../data/dataset.ts';
import type { Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import type { StepRecord } from '../health/history.ts';
import type { Measured } from '../health/metric.ts';
import type { DatasetInput } from '../plan/input.ts';
import type { Engine } from './engine.ts';
import { requireSampleWeight } from './sample_weights.ts';

/** Maximum number of bytes of probabilities kept on the GPU before they are read: a data set with many classes is read in parts. */
const mostBytes = 2 ** 24;

export interface PassOptions {
  /** Order of the samples; that of the data set by default. */
  order?: Uint32Array<ArrayBuffer>;
  /** The epoch that seeds the augmentation's random numbers, as in training. */
  epoch?: number;
  /** True if the same pass will be repeated, so that its first images may be read ahead. */
  again?: boolean;
  /** Receives the probabilities [n, classes] of the next n samples of the order, in parts. Without it they stay on the GPU. */
  onProbabilities?: (probabilities: Float32Array, first: number) => void;
}

/** A data set on the GPU for an inference pass, unaugmented by default, with sample weights if it has any. */
export async function inferenceInput(engine: Engine, dataset: Dataset, view = engine.plain): Promise<DatasetInput> {
  const { sampleWeights, count } = dataset;
  const weighted = sampleWeights && { weights: requireSampleWeight(sampleWeights, count), inference: true };
  return engine.input(dataset, view, engine.steps.evaluation, weighted);
}

/**
 * Runs inference on a data set in batches, the last of which may be short.
 *
 * @returns the mean loss, weighted if `input` has sample weights, and the accuracy or the mean absolute error.
 */
export async function inferencePass(
  engine: Engine,
  input: DatasetInput,
  count: number,
  {
    order = Uint32Array.from({ length: count }, (_, i) => i),
    epoch = engine.epochs,
    again = false,
    onProbabilities,
  }: PassOptions = {},
): Promise<Measured & { loss: number }> {
  const { scheduler, reader, disposal, gpu, memory, settings } = engine;
  const { batchSize, outputs, seed } = settings;
  const { network, evaluation, probabilities } = engine.steps;
  const loss = input.loss ?? (input.soft ? evaluation.inferenceSoftLoss! : evaluation.inferenceLoss);
  const recording = [evaluation.begin, ...input.recording, ...network.inference.forward, loss];
  let sum = 0;
  const batches: StepRecord[] = [];
  const take = (bytes: ArrayBuffer, records: number) => {
    for (let i = 0; i < records; i++) {
      const record = reader.read(bytes, i)!;
      sum += record.loss * record.samples;
      batches.push(record);
    }
    stream?.done(records * batchSize);
  };
  const row = 4 * outputs;
  const part = onProbabilities ? Math.max(1, Math.floor(mostBytes / (row * batchSize))) * batchSize : count;
  const out = onProbabilities && memory.storage('evaluation.probabilities', Math.min(part, count) * outputs);
  const { stream } = input;
  input.begin(order, { epoch, ...(again && { follow: () => ({ order, epoch }) }) });
  engine.writeState(evaluation, { seed, epoch, position: 0, samples: count });
  try {
    for (let first = 0; first < count; first += part) {
      const samples = Math.min(part, count - first);
      for (let done = 0; done < samples; ) {
        disposal.throwIfAborted();
        const begun = done;
        await scheduler.ready();
        const there = stream ? await stream.ready(disposal, gpu.failure) : Infinity;
        disposal.throwIfAborted();
        gpu.failure.throwIfAborted();
        const left = Math.ceil(Math.min(samples - begun, there) / batchSize);
        const submitted = await scheduler.submit(
          evaluation.records,
          recording,
          engine.evaluationSteps + 1,
          left,
          take,
          out &&
            ((work, step) => {
              const at = begun + step * batchSize;
              const size = row * Math.min(batchSize, samples - at);
              work.copy(probabilities, { buffer: out.buffer, offset: out.offset + row * at }, size);
            }),
        );
        engine.evaluationBegan(submitted);
        stream?.submitted(submitted * batchSize);
        done += submitted * batchSize;
      }
      await scheduler.drain();
      if (out) onProbabilities!(await readProbabilities(engine, { ...out, size: row * samples }), first);
    }
  } finally {
    if (out) {
      await scheduler.abandon();
      memory.free(out.buffer);
    }
  }
  return { loss: sum / count, ...reader.meanMetric(batches) };
}

async function readProbabilities({ gpu, memory }: Engine, slice: Slice): Promise<Float32Array> {
  const [bytes] = await readSlices(gpu, memory, [slice]);
  return new Float32Array(bytes!, 0, slice.size / 4);
}
