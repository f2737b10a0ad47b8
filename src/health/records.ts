import {
  gradientAt,
  gradientField,
  healthWords,
  type RecordShape,
  recordField,
  recordWords,
} from '../kernels/record.ts';
import { type CompiledModel, trainedTensors } from '../model/graph.ts';
import { type FilledLoss, isCategorical, metricOf } from '../model/loss.ts';
import type { LossMetric } from '../model/loss_definition.ts';
import { type LayerTensors, tensorsByLayer } from '../model/measured_layers.ts';
import type { HealthLevel } from './health.ts';
import type { HealthReader } from './health_record.ts';
import type { StepRecord } from './history.ts';
import type { Measured } from './metric.ts';

/** Capacity of the record ring in steps: more than two submissions of maximum length. */
export const ringSlots = 128;

/** Reads the records written by the loss, gradient_norm_reduce and, above `off`, health_reduce. */
export class RecordReader {
  readonly shape: RecordShape;
  /** Layer names, each with the indices of its tensors. */
  readonly #layers: LayerTensors[];
  readonly #metric: LossMetric;
  /** Number of predictions per sample that are right or wrong: several for multi-label outputs. */
  readonly #predictions: number;

  /** Number of samples of the micro-batch on which the layers' figures are based, given the step's number. */
  readonly #measured: (samples: number) => number;

  /** @param trained the loss, the number of outputs per sample, and how steps are divided into micro-batches. */
  constructor(
    model: CompiledModel,
    health: HealthLevel,
    {
      loss,
      outputs,
      batchSize,
      accumulationSteps,
    }: { loss: FilledLoss; outputs: number; batchSize: number; accumulationSteps: number },
  ) {
    this.#metric = metricOf(loss);
    this.#predictions = isCategorical(loss) ? 1 : outputs;
    this.#measured = (samples) => (accumulationSteps > 1 ? ((samples - 1) % batchSize) + 1 : samples);
    this.#layers = tensorsByLayer(model);
    const tensors = trainedTensors(model).length;
    const measured = health === 'off' ? 0 : healthWords(model.measured.length, tensors);
    this.shape = { words: recordWords(tensors) + measured, slots: ringSlots };
  }

  /** Mean of the metric over samples, from the batches' means and sample counts. */
  meanMetric(batches: readonly (Measured & { samples: number })[]): Measured {
    const samples = batches.reduce((sum, batch) => sum + batch.samples, 0);
    const sum = batches.reduce((total, batch) => total + batch[this.#metric]! * batch.samples, 0);
    if (this.#metric !== 'accuracy') return { [this.#metric]: sum / samples };
    // Recover the exact integer count, which was divided before.
    return { accuracy: Math.round(sum * this.#predictions) / (samples * this.#predictions) };
  }

  get bytes(): number {
    return this.shape.words * 4;
  }

  /**
   * Unpacks record `index` of a buffer with several; undefined for a step after a halt.
   *
   * @param health reads what only a training step measures; omitted if that is not needed.
   */
  read(bytes: ArrayBuffer, index: number, health?: HealthReader): StepRecord | undefined {
    const view = new DataView(bytes, index * this.bytes, this.bytes);
    const u32 = (word: number) => view.getUint32(word * 4, true);
    const f32 = (word: number) => view.getFloat32(word * 4, true);
    if (u32(recordField.halted)) return undefined;
    const samples = u32(recordField.count);
    const gradientNorms: Record<string, number> = {};
    for (const { name, tensors } of this.#layers) {
      const squares = tensors.reduce((sum, t) => sum + f32(gradientAt(t) + gradientField.squares), 0);
      gradientNorms[name] = Math.sqrt(squares);
    }
    return {
      step: u32(recordField.step),
      epoch: u32(recordField.epoch),
      loss: f32(recordField.loss) / samples,
      ...(this.#metric === 'accuracy'
        ? { accuracy: u32(recordField.correct) / (samples * this.#predictions) }
        : { meanAbsoluteError: f32(recordField.correct) / samples }),
      samples,
      skipped: u32(recordField.skipped) !== 0,
      learningRate: f32(recordField.learningRate),
      gradientNorms,
      ...(health && { health: health.read({ u32, f32 }, this.#measured(samples)) }),
    };
  }
}
