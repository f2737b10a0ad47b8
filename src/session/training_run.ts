import { createTrainer, type Trainer } from '../api/trainer.ts';
import type { Dataset, TrainAndTest } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import type { EpochRecord, StoppedEarly } from '../health/history.ts';
import { EventBundler, type RunEvent } from '../health/run_events.ts';
import type { ImagesUsed } from '../image_source.ts';
import type { LearningRate } from '../model/schedule.ts';
import { product } from '../product.ts';
import type { CheckpointEvery } from '../train/checkpoint_every.ts';
import type { Startup } from '../train/engine.ts';
import type { FitOptions } from '../train/fit_options.ts';
import { isBetter, type Monitor, monitored } from '../train/monitor.ts';
import type { Snapshot } from '../train/snapshot.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import { NewestState, type StateReason } from './newest_state.ts';

/** Bytes on the GPU. */
export interface GpuBytes {
  /** Weights, gradients, optimizer slots, and the activations of a batch. */
  trainer: number;
  /** Images and labels of training and validation. */
  datasets: number;
}

export function bytesOnGpu(trainer: Trainer, datasets: readonly Dataset[]): GpuBytes {
  const { bytes } = trainer.memory;
  const all = datasets.reduce((sum, dataset) => sum + bytesOfDataset(dataset), 0);
  // Data beyond the budget is streamed.
  const { memoryBudget = Infinity } = trainer.options;
  return { trainer: bytes, datasets: Math.min(all, Math.max(0, memoryBudget - bytes)) };
}

/** Bytes of the images, wherever they are stored, and of the labels. */
export const bytesOfDataset = ({ imageShape, labels, count }: Dataset): number =>
  count * product(imageShape) + labels.byteLength;

/** Receives the events of a run: in another thread or another process. */
export interface RunListener {
  /** Called when everything is on the GPU, before the first step or a pause. */
  begun?: (bytes: GpuBytes) => unknown;
  /** Called with batches of events, one batch at a time: the next call waits for the promise that the last one returned. */
  events: (events: RunEvent[]) => unknown;
  /**
   * Called with the state after each complete epoch, or with the newest of several; if `keep` is given, with the states that it selects.
   * All earlier events have been delivered.
   */
  state?: (state: Snapshot, reason: StateReason) => unknown;
  /** Called when all steps that the pace allows are done and their events have been delivered. */
  paused?: () => unknown;
}

/** The position of a run that is resumed. */
export interface ResumeFrom
  extends Required<Pick<FitOptions, 'epochs' | 'initialEpoch' | 'initialSteps' | 'initialVerdicts'>> {
  /** Replaces the learning rate of the snapshot. */
  learningRate?: LearningRate;
}

/** The states of a run that are delivered. */
export interface Keep {
  /** Also deliver the state at the end of each epoch. */
  epochs?: boolean;
  /**
   * When a checkpoint is due. By default a state is delivered every `secondsBetweenStates`, so that a lost device costs no more
   * than that.
   */
  every?: CheckpointEvery;
  /** Deliver the state of each epoch in which this metric is better than in all earlier ones. */
  monitor?: Monitor;
  /** The best value of that metric before this `fit`. */
  best?: number;
}

/** Seconds between states as long as delivering one takes less than a twentieth of that; otherwise the time grows in proportion. */
const secondsBetweenStates = 10;

export interface RunResult {
  stopped: boolean;
  skippedSteps: number;
  startup: Startup;
  /** Set if earlyStopping ended the run. */
  stoppedEarly?: StoppedEarly;
  /** The run stopped in the middle of an epoch. */
  partialEpoch: boolean;
  /** How the images were stored on the GPU. */
  images?: ImagesUsed;
}

/** A network, its training images, and the events of its training. */
export class TrainingRun {
  readonly trainer: Trainer;
  private bundler: EventBundler | undefined;

  /** @throws ConfigurationError for invalid options. */
  constructor(
    gpu: Gpu,
    options: TrainerOptions,
    private readonly datasets: TrainAndTest,
  ) {
    this.trainer = createTrainer(gpu, options);
  }

  /** Restores the state of an earlier run. */
  async restore(snapshot: Snapshot, learningRate?: LearningRate): Promise<void> {
    await this.trainer.restore(snapshot);
    if (learningRate !== undefined) await this.trainer.setLearningRate(learningRate);
  }

  /** Delivers all waiting events. Resolves when that is done. */
  async eventsDelivered(): Promise<void> {
    await this.bundler?.sent();
  }

  /**
   * Trains, and validates after each epoch if there are test images. Events that were delivered before an error remain valid.
   *
   * @throws NonFiniteError, DeviceLostError, and ConfigurationError for data that doesn't fit the model.
   */
  async fit(
    {
      keep,
      ...options
    }: Omit<FitOptions, `on${string}` | 'validationData' | 'checkpointEvery'> &
      Pick<FitOptions, 'onDeviceLost'> & { keep?: Keep },
    { begun, events, state, paused }: RunListener,
  ): Promise<RunResult> {
    const { trainer } = this;
    const { train, test } = this.datasets;
    const bundler = new EventBundler(events);
    this.bundler = bundler;
    const states =
      state &&
      new NewestState(async (snapshot, reason) => {
        await bundler.sent();
        await state(snapshot, reason);
      });
    const isOftenEnough = () => !states || states.hasTime;
    const { every, monitor } = keep ?? {};
    let { best } = keep ?? {};
    /** The reason to keep the state at the end of an epoch; undefined to discard it. */
    const reasonFor = (epoch: EpochRecord): StateReason | undefined => {
      const value = monitor && monitored(epoch, monitor);
      const isBest = value !== undefined && isBetter(monitor!, value, best);
      if (isBest) best = value;
      const isDue = every && 'epochs' in every && epoch.epoch % every.epochs === 0;
      if (!isBest && !isDue && keep && !keep.epochs) return undefined;
      return { ...(isBest && { best: value }), ...(isDue && { due: true }) };
    };
    let partialEpoch = Boolean(options.initialSteps?.length);
    if (begun) {
      // This call is queued until the pipelines and buffers are made.
      trainer.meanwhile.getWeights().then(
        () => begun(bytesOnGpu(trainer, [train, test])),
        () => undefined, // fit reports the error
      );
    }
    try {
      const { stopped, skippedSteps, stoppedEarly, images } = await trainer.fit(train, {
        ...options,
        // With `validationSplit`, a fraction of the training images replaces the test images.
        ...(test.count > 0 && options.validationSplit === undefined && { validationData: test }),
        keepHealth: false,
        onStep: (step, { epochSteps }) => {
          partialEpoch = step.step % epochSteps !== 0;
          bundler.add({ step, epochSteps, at: performance.now() });
        },
        onEpoch: (epoch) => {
          bundler.add({ epoch });
          const reason = states && reasonFor(epoch);
          if (reason) states.add(trainer.meanwhile.snapshot(), reason);
        },
        onVerdict: (verdict) => bundler.add({ verdict }),
        onRunVerdict: (runVerdict) => bundler.add({ runVerdict }),
        onProbe: (probe) => bundler.add({ probe }),
        ...(keep &&
          states &&
          !(every && 'epochs' in every) && {
            checkpointEvery: every ?? { seconds: secondsBetweenStates },
            onCheckpoint: (snapshot: Snapshot) => {
              if (every || isOftenEnough()) states.add(Promise.resolve(snapshot), every && { due: true });
            },
          }),
        ...(paused && { onPause: () => bundler.sent().then(paused) }),
      });
      return {
        ...{ stopped, skippedSteps, startup: trainer.startup, partialEpoch },
        ...(stoppedEarly && { stoppedEarly }),
        ...(images && { images }),
      };
    } finally {
      await states?.delivered();
      await bundler.sent();
    }
  }
}
