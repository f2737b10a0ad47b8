import { gradientAt, gradientField, type RecordShape, recordField, recordWords } from '../kernels/record.ts';
import { type CompiledModel, trainedTensors } from '../model/graph.ts';
import { type LayerTensors, tensorsByLayer } from '../model/measured_layers.ts';
import type { HealthLevel } from './health.ts';
import { HealthReader } from './health_record.ts';
import type { StepRecord } from './history.ts';

/** How many steps the ring of records holds: more than two submissions of the most steps. */
export const ringSlots = 128;

/** Reads the records that softmax_cross_entropy, gradient_norm_reduce and, above `off`, health_reduce write. */
export class RecordReader {
  readonly shape: RecordShape;
  /** Layer names, each with the numbers of its tensors. */
  readonly #layers: LayerTensors[];
  readonly #health: HealthReader | undefined;

  constructor(model: CompiledModel, health: HealthLevel) {
    this.#layers = tensorsByLayer(model);
    if (health !== 'off') this.#health = new HealthReader(model);
    this.shape = { words: recordWords(trainedTensors(model).length) + (this.#health?.words ?? 0), slots: ringSlots };
  }

  get bytes(): number {
    return this.shape.words * 4;
  }

  /**
   * Unpacks record `index` of a buffer that holds several; undefined for a step that a halt made void.
   *
   * @param measured with what only a training step measures.
   */
  read(bytes: ArrayBuffer, index: number, measured = false): StepRecord | undefined {
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
      accuracy: u32(recordField.correct) / samples,
      samples,
      skipped: u32(recordField.skipped) !== 0,
      learningRate: f32(recordField.learningRate),
      gradientNorms,
      ...(measured && this.#health && { health: this.#health.read({ u32, f32 }) }),
    };
  }
}
