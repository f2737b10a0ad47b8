import type { Dataset } from '../data/dataset.ts';
import type { ModelFormat } from '../formats/export_model.ts';
import type { OnnxOptions } from '../formats/onnx/onnx.ts';
import type { Gpu } from '../gpu/device.ts';
import { emptyHistory, type History } from '../health/history.ts';
import type { FitOptions } from '../train/fit_options.ts';
import { Trainer as BaseTrainer } from '../train/trainer.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';

/** Where to save a model: a file that the user has chosen, or a name in the browser's storage. */
export type SaveTarget = FileSystemFileHandle | `indexeddb://${string}`;

/** Options of `Trainer.save`. */
export interface SaveOptions extends OnnxOptions {
  /**
   * `'wgrad'`, the default, writes a complete saved run, from which training resumes with bit-identical results. The other formats contain
   * the network and its weights for other programs. If a format consists of several files, the result is a ZIP archive.
   */
  format?: 'wgrad' | ModelFormat;
  /** Where to write the file, in addition to returning it. */
  to?: SaveTarget;
}

/**
 * Creates a trainer. Its pipelines compile in the background; its methods wait for them, and run one at a time in the order of the calls.
 *
 * @throws ConfigurationError at once for an invalid model, optimizer or option. An invalid augmentation rejects the first method
 *   that is called, because the code of the augmentation is loaded only if one is configured.
 */
export function createTrainer(gpu: Gpu, options: TrainerOptions): Trainer {
  return new Trainer(gpu, options);
}

/** The options and history of `fit`, as stored in a saved run. */
export interface TrainingLog {
  trainSamples: number;
  testSamples: number;
  history: Pick<History, 'epochs' | 'steps' | 'verdicts' | 'probes'>;
}

/**
 * A model with its weights on the GPU, which can be trained, used for predictions and saved. Created by `createTrainer` and `loadTrainer`.
 */
export class Trainer extends BaseTrainer {
  #log: TrainingLog | undefined;

  override async fit(dataset: Dataset, options: FitOptions = {}): Promise<History> {
    const history = await super.fit(dataset, options);
    const before = this.#log?.history ?? emptyHistory();
    const { epochs, steps, verdicts, probes } = history;
    this.#log = {
      trainSamples: dataset.count,
      testSamples: options.validationData?.count ?? 0,
      history: {
        epochs: [...before.epochs, ...epochs],
        steps: [...before.steps, ...steps],
        verdicts: [...before.verdicts, ...verdicts],
        probes: [...before.probes, ...probes],
      },
    };
    return history;
  }

  /**
   * Saves the model as a file. By default this is the complete run, with weights, optimizer state, class names and image preprocessing,
   * which `loadTrainer`, the command and the page can open; with `format` it is the network in another program's format. May be called
   * while `fit` is running.
   *
   * @throws ConfigurationError for an unknown format or target, or a model that the format cannot express; the error lists the layers
   *   concerned and the formats that can express them.
   */
  async save(options: SaveOptions = {}): Promise<Blob> {
    // Loaded on demand.
    const { saveTrainer } = await import('./save_trainer.ts');
    return saveTrainer(this, options, this.#log);
  }

  /**
   * A copy of the trainer on the same device, with the same options, weights, optimizer state and learning rate. Both continue
   * independently; given the same data, their results are bit-identical.
   */
  async clone(): Promise<Trainer> {
    const snapshot = await this.meanwhile.snapshot();
    const copy = new Trainer(this.gpu, { ...this.options, classNames: this.classNames, pictures: this.pictures });
    try {
      await copy.restore(snapshot);
    } catch (error) {
      copy.dispose();
      throw error;
    }
    copy.#log = this.#log;
    return copy;
  }

  /** Restores the training log of a saved run; for `loadTrainer`. */
  static resume(trainer: Trainer, log: TrainingLog): void {
    trainer.#log = log;
  }
}
