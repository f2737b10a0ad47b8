import { type CureRun, figuresOf } from '../compare/cure_run.ts';
import type { TrainAndTest } from '../data/index.ts';
import { TrainingError, type WgradError } from '../errors.ts';
import type { RunEvent } from '../health/run_events.ts';
import { TrainingLog } from '../health/training_log.ts';
import type { Evaluation, TrainerOptions } from '../index.ts';
import { unpackNumbers } from '../json_numbers.ts';
import { throughLosses } from './losses.ts';
import { TrainingChrome } from './training_chrome.ts';

/** A run of a network with or without a cure, with a given seed. */
export interface CureOrder {
  network: string;
  cure: string;
  options: TrainerOptions;
  datasets: TrainAndTest;
  epochs: number;
  seed: number;
  /** The loss at chance level. */
  chance: number | undefined;
}

/** A Chrome that trains networks without and with cures, one at a time. */
export class CureChrome extends TrainingChrome {
  private log = new TrainingLog();
  private tell: ((step: number) => void) | undefined;
  protected override receivers() {
    return {
      tell: (events: RunEvent[]) => {
        for (const event of events) this.log.add(event);
        this.tell?.(this.log.steps.length);
      },
    };
  }

  /**
   * Trains a run.
   *
   * @param lost called when Chrome was lost: another one starts the run again.
   * @param tell called with the number of steps so far.
   * @returns undefined for a run that was stopped: a partial run has no figures.
   */
  async train(
    order: CureOrder,
    lost: (error: WgradError) => void,
    tell?: (step: number) => void,
  ): Promise<CureRun | undefined> {
    this.datasets = order.datasets;
    this.tell = tell;
    return throughLosses(
      () => {
        this.log = new TrainingLog();
        return this.trainOnce(order);
      },
      {
        restart: () => this.reopen(),
        progress: () => this.log.steps.length,
        isStopping: () => this.stopping,
        lost,
      },
    );
  }

  private async trainOnce({ network, cure, options, epochs, seed, chance }: CureOrder): Promise<CureRun | undefined> {
    const session = this.session!;
    await session.call('prepare', { ...options, seed });
    if (this.stopping) return undefined;
    let broken: { loss?: number; accuracy?: number } | undefined;
    try {
      const { stopped } = await session.call('fit', { epochs });
      if (stopped) return undefined;
    } catch (error) {
      if (!(error instanceof TrainingError)) throw error;
      // A bad step is skipped, so the weights are those of the last good one.
      const { loss, accuracy }: Evaluation = unpackNumbers(await session.call('evaluate', { metrics: [] }));
      broken = { loss, ...(accuracy !== undefined && { accuracy }) };
    }
    return { network, cure, seed, ...figuresOf(this.log, chance, broken) };
  }
}
