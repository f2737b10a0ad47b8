import type { Dataset } from '../../../src/data/index.ts';
import { RecordReader } from '../../../src/health/records.ts';
import { createTrainer, type Gpu, type Trainer } from '../../../src/index.ts';
import { tutorialModel } from '../../../src/model/tutorial.ts';
import { fillTrainerOptions } from '../../../src/train/fill_trainer_options.ts';
import type { HealthCost } from '../protocol.ts';

/** Two trainers of the tutorial's network with different health levels. */
export class HealthPair {
  readonly #trainers: Record<'off' | 'norms', Trainer>;

  constructor(
    private readonly gpu: Gpu,
    batchSize: number,
  ) {
    const options = { model: tutorialModel(), batchSize, seed: 0 };
    this.#trainers = {
      off: createTrainer(gpu, { ...options, health: 'off' }),
      norms: createTrainer(gpu, { ...options, health: 'norms' }),
    };
  }

  /** Milliseconds per step, without the upload of the data set. */
  async measure(level: 'off' | 'norms', dataset: Dataset): Promise<number> {
    const { epochs } = await this.#trainers[level].fit(dataset, { shuffle: false });
    await this.gpu.device.queue.onSubmittedWorkDone();
    return (1000 * epochs[0]!.seconds) / Math.ceil(dataset.count / this.#trainers[level].batchSize);
  }

  async cost(dataset: Dataset): Promise<HealthCost> {
    const [off, norms] = [
      await this.#trainers.off.profile(dataset, { steps: 1 }),
      await this.#trainers.norms.profile(dataset, { steps: 1 }),
    ];
    const settings = fillTrainerOptions({ model: tutorialModel() });
    return {
      dispatches: norms.dispatchesPerStep - off.dispatchesPerStep,
      recordBytes: new RecordReader(settings.model, 'norms', settings).bytes,
    };
  }
}
