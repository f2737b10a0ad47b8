import type { Dataset } from '../../../src/data/index.ts';
import { createTrainer, type Gpu, type Model, type Trainer } from '../../../src/index.ts';
import type { StepOptions } from '../protocol.ts';

/** Trainers of one network with different update options. */
export class StepTimes {
  readonly #trainers = new Map<string, Trainer>();

  constructor(
    private readonly gpu: Gpu,
    private readonly model: Model,
  ) {}

  /** Milliseconds per batch, without the upload of the data set. */
  async measure(options: StepOptions, batchSize: number, dataset: Dataset): Promise<number> {
    const key = JSON.stringify([options, batchSize]);
    const trainer =
      this.#trainers.get(key) ?? createTrainer(this.gpu, { model: this.model, batchSize, seed: 0, ...options });
    this.#trainers.set(key, trainer);
    const { epochs } = await trainer.fit(dataset, { shuffle: false });
    await this.gpu.device.queue.onSubmittedWorkDone();
    return (1000 * epochs[0]!.seconds) / Math.ceil(dataset.count / batchSize);
  }
}
