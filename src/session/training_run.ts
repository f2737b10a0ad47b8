import type { Dataset, TrainAndTest } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { EventBundler, type RunEvent } from '../health/run_events.ts';
import type { LearningRate } from '../model/schedule.ts';
import type { Startup } from '../train/engine.ts';
import type { Snapshot } from '../train/snapshot.ts';
import { createTrainer, type Trainer } from '../train/trainer.ts';
import type { FitOptions, TrainerOptions } from '../train/trainer_options.ts';
import { NewestState } from './newest_state.ts';

/** Bytes on the GPU. */
export interface GpuBytes {
  /** Weights, gradients, slots, activations of a batch. */
  trainer: number;
  /** Images and labels, training and validation. */
  datasets: number;
}

export const bytesOnGpu = (trainer: Trainer, datasets: readonly Dataset[]): GpuBytes => ({
  trainer: trainer.memory.bytes,
  datasets: datasets.reduce((sum, { images, labels }) => sum + images.byteLength + labels.byteLength, 0),
});

/** Who hears of a run: another thread or another process. */
export interface RunListener {
  /** Everything is on the GPU: steps come next, or a pause. */
  begun?: (bytes: GpuBytes) => unknown;
  /** Bundles, one after the other: the next one waits for the promise of the last. */
  events: (events: RunEvent[]) => unknown;
  /** The state after each complete epoch, or the newest of them. All events before it have been delivered. */
  state?: (state: Snapshot) => unknown;
  /** All steps that the pace allowed are done, and their events delivered. */
  paused?: () => unknown;
}

/** How far a run had come that is resumed. */
export interface ResumeFrom
  extends Required<Pick<FitOptions, 'epochs' | 'initialEpoch' | 'initialSteps' | 'initialVerdicts'>> {
  /** In place of the snapshot's. */
  learningRate?: LearningRate;
}

export interface RunResult {
  stopped: boolean;
  skippedSteps: number;
  startup: Startup;
  /** It stopped in the middle of an epoch. */
  partialEpoch: boolean;
}

/** A network, the images that it is trained on, and the events of its training. */
export class TrainingRun {
  readonly trainer: Trainer;
  private bundler: EventBundler | undefined;

  /** @throws ConfigurationError for options that are invalid. */
  constructor(
    gpu: Gpu,
    options: TrainerOptions,
    private readonly datasets: TrainAndTest,
  ) {
    this.trainer = createTrainer(gpu, options);
  }

  /** Puts the run where another one had come to. */
  async restore(snapshot: Snapshot, learningRate?: LearningRate): Promise<void> {
    await this.trainer.restore(snapshot);
    if (learningRate !== undefined) await this.trainer.setLearningRate(learningRate);
  }

  /** Delivers the events that wait. Resolves when all have been. */
  async eventsDelivered(): Promise<void> {
    await this.bundler?.sent();
  }

  /**
   * Trains, and validates after each epoch if there are test images. What was delivered before an error stays true.
   *
   * @throws NonFiniteError, DeviceLostError, and ConfigurationError for data that the model is not made for.
   */
  async fit(
    options: Omit<FitOptions, `on${string}` | 'validationData'>,
    { begun, events, state, paused }: RunListener,
  ): Promise<RunResult> {
    const { trainer } = this;
    const { train, test } = this.datasets;
    const bundler = new EventBundler(events);
    this.bundler = bundler;
    const states =
      state &&
      new NewestState(async (snapshot) => {
        await bundler.sent();
        await state(snapshot);
      });
    let partialEpoch = Boolean(options.initialSteps?.length);
    if (begun) {
      // Its turn comes when the pipelines and buffers are made.
      trainer.meanwhile.getWeights().then(
        () => begun(bytesOnGpu(trainer, [train, test])),
        () => undefined, // fit reports the error
      );
    }
    try {
      const { stopped, skippedSteps } = await trainer.fit(train, {
        ...options,
        ...(test.count > 0 && { validationData: test }),
        keepHealth: false,
        onStep: (step, { epochSteps }) => {
          partialEpoch = step.step % epochSteps !== 0;
          bundler.add({ step, epochSteps, at: performance.now() });
        },
        onEpoch: (epoch) => {
          bundler.add({ epoch });
          states?.add(trainer.meanwhile.snapshot());
        },
        onVerdict: (verdict) => bundler.add({ verdict }),
        onProbe: (probe) => bundler.add({ probe }),
        ...(paused && { onPause: () => bundler.sent().then(paused) }),
      });
      return { stopped, skippedSteps, startup: trainer.startup, partialEpoch };
    } finally {
      await states?.delivered();
      await bundler.sent();
    }
  }
}
