import type { Dataset } from '../data/dataset.ts';
import type { ModelFormat } from '../formats/export_model.ts';
import type { OnnxOptions } from '../formats/onnx/onnx.ts';
import type { Gpu } from '../gpu/device.ts';
import { emptyHistory, type History } from '../health/history.ts';
import { Trainer as BaseTrainer } from '../train/trainer.ts';
import type { FitOptions, TrainerOptions } from '../train/trainer_options.ts';

/** Where a saved model goes: a file that the user has chosen, or a name in the browser's own storage. */
export type SaveTarget = FileSystemFileHandle | `indexeddb://${string}`;

/** Options of `Trainer.save`. */
export interface SaveOptions extends OnnxOptions {
  /**
   * `'wgrad'`, the default, is a file with everything: training can resume from it, to the same bits. The others are the formats of
   * other programs, with the network and its weights. Those that consist of several files are a ZIP archive.
   */
  format?: 'wgrad' | ModelFormat;
  /** Also writes it there. */
  to?: SaveTarget;
}

/**
 * Makes a trainer. Its pipelines compile in the background; its methods wait for them and for each other.
 *
 * @throws ConfigurationError at once for a model, optimizer or option that is invalid. An augmentation that is invalid is an error of
 *   the first method that is called: its code is fetched only where there is one.
 */
export function createTrainer(gpu: Gpu, options: TrainerOptions): Trainer {
  return new Trainer(gpu, options);
}

/** The options and the history of `fit`, as a saved run has them. */
export interface TrainingLog {
  trainSamples: number;
  testSamples: number;
  history: Pick<History, 'epochs' | 'steps' | 'verdicts' | 'probes'>;
}

/** A model with its weights on the GPU, which can be trained, asked and saved. Made by `createTrainer` and `loadTrainer`. */
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
   * The model as a file: by default all of it, weights, optimizer, class names and how pictures are prepared, which `loadTrainer`, the
   * command and the page open; or the network in another program's format. It can be called while `fit` is running.
   *
   * @throws ConfigurationError for an unknown format or target, or a model that the format cannot express (with every layer, and
   *   which format can).
   */
  async save(options: SaveOptions = {}): Promise<Blob> {
    // Loaded on demand.
    const { saveTrainer } = await import('./save_trainer.ts');
    return saveTrainer(this, options, this.#log);
  }

  /**
   * Another trainer on the same device, with the same options, weights, optimizer state and learning rate: both continue independently,
   * and with the same data to the same bits.
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

  /** Sets the log of the training so far, from a saved run; for `loadTrainer`. */
  static resume(trainer: Trainer, log: TrainingLog): void {
    trainer.#log = log;
  }
}
