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
import { isBetter, type Monitor, monitored } from '../train/monitor.ts';
import type { Snapshot } from '../train/snapshot.ts';
import type { FitOptions, TrainerOptions } from '../train/trainer_options.ts';
import { NewestState, type StateReason } from './newest_state.ts';

/** Bytes on the GPU. */
export interface GpuBytes {
  /** Weights, gradients, slots, activations of a batch. */
  trainer: number;
  /** Images and labels, training and validation. */
  datasets: number;
}

export function bytesOnGpu(trainer: Trainer, datasets: readonly Dataset[]): GpuBytes {
  const { bytes } = trainer.memory;
  const all = datasets.reduce((sum, dataset) => sum + bytesOfDataset(dataset), 0);
  // What is more than the budget is streamed.
  const { memoryBudget = Infinity } = trainer.options;
  return { trainer: bytes, datasets: Math.min(all, Math.max(0, memoryBudget - bytes)) };
}

/** Its images, wherever they are, and its labels. */
export const bytesOfDataset = ({ imageShape, labels, count }: Dataset): number =>
  count * product(imageShape) + labels.byteLength;

/** Who hears of a run: another thread or another process. */
export interface RunListener {
  /** Everything is on the GPU: steps come next, or a pause. */
  begun?: (bytes: GpuBytes) => unknown;
  /** Bundles, one after the other: the next one waits for the promise of the last. */
  events: (events: RunEvent[]) => unknown;
  /**
   * The state after each complete epoch, or the newest of them; with `keep`, what that asks for. All events before it have
   * been delivered.
   */
  state?: (state: Snapshot, reason: StateReason) => unknown;
  /** All steps that the pace allowed are done, and their events delivered. */
  paused?: () => unknown;
}

/** How far a run had come that is resumed. */
export interface ResumeFrom
  extends Required<Pick<FitOptions, 'epochs' | 'initialEpoch' | 'initialSteps' | 'initialVerdicts'>> {
  /** In place of the snapshot's. */
  learningRate?: LearningRate;
}

/** Which states of a run are delivered. */
export interface Keep {
  /** The states at the end of each epoch too. */
  epochs?: boolean;
  /** When a checkpoint is due. Without it there is a state every `secondsBetweenStates`, so that a lost device costs no more. */
  every?: CheckpointEvery;
  /** The epochs that are better by this figure than all before. */
  monitor?: Monitor;
  /** The best of its values before this `fit`. */
  best?: number;
}

/** As long as delivering a state takes less than a twentieth of that; else as much longer. */
export const secondsBetweenStates = 10;

export interface RunResult {
  stopped: boolean;
  skippedSteps: number;
  startup: Startup;
  /** earlyStopping ended it. */
  stoppedEarly?: StoppedEarly;
  /** It stopped in the middle of an epoch. */
  partialEpoch: boolean;
  /** How the images lay on the GPU. */
  images?: ImagesUsed;
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
    /** The reason to keep the state at the end of an epoch; undefined if it is not wanted. */
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
      // Its turn comes when the pipelines and buffers are made.
      trainer.meanwhile.getWeights().then(
        () => begun(bytesOnGpu(trainer, [train, test])),
        () => undefined, // fit reports the error
      );
    }
    try {
      const { stopped, skippedSteps, stoppedEarly, images } = await trainer.fit(train, {
        ...options,
        // A share of the training images takes the place of the test images.
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
