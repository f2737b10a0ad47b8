import type { RunEvent } from '../health/run_events.ts';
import type { TrainingLog } from '../health/training_log.ts';

/** Drops repeated events: a run that is restarted from an earlier state sends the events after that state again. */
export class FreshEvents {
  private step: number;
  private epoch: number;
  private probe: number;
  /** The last step was a repetition, and so are the verdicts that it decided. */
  private isStale = false;

  constructor({ steps, epochs, probes }: Pick<TrainingLog, 'steps' | 'epochs' | 'probes'>) {
    this.step = steps.at(-1)?.step ?? 0;
    this.epoch = epochs.at(-1)?.epoch ?? 0;
    this.probe = probes.at(-1)?.step ?? 0;
  }

  of(events: readonly RunEvent[]): RunEvent[] {
    return events.filter((item) => this.isFresh(item));
  }

  private isFresh(item: RunEvent): boolean {
    if ('verdict' in item || 'runVerdict' in item) return !this.isStale;
    if ('step' in item) {
      this.isStale = item.step.step <= this.step;
      if (!this.isStale) this.step = item.step.step;
      return !this.isStale;
    }
    if ('epoch' in item) {
      if (item.epoch.epoch <= this.epoch) return false;
      this.epoch = item.epoch.epoch;
      return true;
    }
    if (item.probe.step <= this.probe) return false;
    this.probe = item.probe.step;
    return true;
  }
}
