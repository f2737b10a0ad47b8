import type { PairOptions, PairState, TwinActivations } from '../compare/pair_options.ts';
import type { TwinOptions } from '../compare/twin_options.ts';
import type { PairRecord, TwinRecord } from '../compare/twin_record.ts';
import { trainPair } from '../compare/twins.ts';
import type { TrainAndTest } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { type StepRecord, summarize } from '../health/history.ts';
import { EventBundler, type RunEvent } from '../health/run_events.ts';
import type { Pace } from '../train/pace.ts';
import { DeliveryTime } from './delivery_time.ts';
import { EpochClock } from './epoch_clock.ts';
import { bytesOfDataset, type GpuBytes } from './training_run.ts';

export type Twin = 'a' | 'b';

/** An event of one of the two runs, or of both. */
export type PairEvent =
  | { twin: Twin; event: RunEvent }
  | { twin: Twin; broke: NonNullable<TwinRecord['broke']> }
  /** A pair begins: its index among those of this call, from 0. */
  | { pair: number }
  | { begun: GpuBytes };

/** Receives the events of pairs: in another thread or another process. */
export interface PairListener {
  /** Called with batches of events, one batch at a time: the next call waits for the promise that the last one returned. */
  events: (events: PairEvent[]) => unknown;
  /**
   * Called with the state of the running pair, after an epoch or later if newer ones replaced it. All earlier events have been
   * delivered.
   */
  state?: (state: PairState) => unknown;
  /** Called when all steps that the pace allows are done and their events have been delivered. */
  paused?: () => unknown;
}

export interface PairsRequest extends TwinOptions {
  /** One pair is trained per seed. */
  seeds: readonly number[];
  epochs: number;
  /** The state from which the first pair continues. */
  state?: PairState;
}

/** What the caller of `trainPairs` does with the running pair in the same thread. */
interface PairsUnderWay extends Pick<PairOptions, 'onTrained'> {
  pace?: Pace;
  signal: AbortSignal;
  /** Called when a pair begins, like `onBegin` of `trainPair`. */
  onBegin?: (activations: TwinActivations) => void;
}

/**
 * Trains pairs of networks in lock-step from the same start, one pair after the other.
 *
 * @returns the finished pairs: fewer than there are seeds if `signal` is aborted.
 * @throws ConfigurationError for twins that differ in more than one variable, or data that doesn't fit; DeviceLostError.
 */
export async function trainPairs(
  gpu: Gpu,
  datasets: TrainAndTest,
  { seeds, state, ...twins }: PairsRequest,
  { pace, signal, events, paused, state: listener, onBegin, onTrained }: PairListener & PairsUnderWay,
): Promise<PairRecord[]> {
  const bundler = new EventBundler<PairEvent>(events);
  const records: PairRecord[] = [];
  const time = new DeliveryTime();
  try {
    for (const [pair, seed] of seeds.entries()) {
      if (signal.aborted) break;
      bundler.add({ pair });
      const clock = new EpochClock();
      const steps: Record<Twin, StepRecord[]> = { a: [], b: [] };
      const add = (twin: Twin, event: RunEvent) => bundler.add({ twin, event });
      const record = await trainPair(gpu, datasets, {
        ...twins,
        seed,
        pace,
        signal,
        ...(pair === 0 && state && { state }),
        ...(listener && {
          onState: async (take: () => Promise<PairState>) => {
            if (!time.isLeft) return;
            await time.spend(async () => {
              const taken = await take();
              await bundler.sent();
              await listener(taken);
            });
          },
        }),
        ...(onTrained && { onTrained }),
        onBegin: (bytes, activations) => {
          onBegin?.(activations);
          clock.restart();
          // Each twin has its own copy of the training images.
          const datasetBytes = 2 * bytesOfDataset(datasets.train);
          bundler.add({ begun: { trainer: bytes.a + bytes.b, datasets: datasetBytes } });
        },
        onStep: (twin, step, { epochSteps }) => {
          steps[twin].push(step);
          clock.stepDone();
          add(twin, { step, epochSteps, at: performance.now() });
        },
        onVerdict: (twin, verdict) => add(twin, { verdict }),
        onProbe: (twin, probe) => add(twin, { probe }),
        onEpoch: (twin, epoch, { validationLoss, validationAccuracy, validationMeanAbsoluteError }) => {
          // The time is that of both twins together, because they share the device.
          const record = summarize(epoch, steps[twin], clock.seconds);
          steps[twin] = [];
          const validation = { validationLoss, validationAccuracy, validationMeanAbsoluteError };
          const measured = Object.entries(validation).filter(([, value]) => value !== undefined);
          add(twin, { epoch: { ...record, ...Object.fromEntries(measured) } });
          clock.restart();
        },
        onBreak: (twin, broke) => bundler.add({ twin, broke }),
        onPause: () => {
          if (pace) clock.hold(pace.changed);
          bundler.sent().then(() => paused?.());
        },
      });
      if (!record) break;
      records.push(record);
    }
  } finally {
    await bundler.sent();
  }
  return records;
}
