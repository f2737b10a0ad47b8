import type { EpochRecord, StepRecord } from '../index.ts';
import type { Told } from './headless/protocol.ts';

type Range = { mean: number; min: number; max: number };

/** What the page has told so far. It outlives the page: after a Ctrl-C or a crash it is what was learned. */
export class TrainingLog {
  readonly epochs: EpochRecord[] = [];
  readonly steps: StepRecord[] = [];
  stepsPerEpoch = 0;
  private readonly current = new RunningMean();

  add(item: Told): void {
    if ('step' in item) {
      this.steps.push(item.step);
      this.stepsPerEpoch = item.epochSteps;
      this.current.add(item.step);
    } else {
      this.epochs.push(item.epoch);
      this.current.clear();
    }
  }

  /** The epoch that is not finished, as far as it got; undefined between epochs. */
  get unfinished(): { epoch: number; steps: number; loss: number; accuracy: number } | undefined {
    const epoch = this.steps.at(-1)?.epoch;
    if (epoch === undefined || this.current.samples === 0) return undefined;
    return { epoch, steps: this.current.steps, loss: this.current.loss, accuracy: this.current.accuracy };
  }

  /** A layer's gradient norm over all steps that were trained on. */
  normsOf(layer: string): Range | undefined {
    const norms = this.steps.map((step) => step.gradientNorms[layer]).filter(Number.isFinite);
    if (norms.length === 0) return undefined;
    let [sum, min, max] = [0, Infinity, -Infinity];
    for (const norm of norms) {
      sum += norm;
      min = Math.min(min, norm);
      max = Math.max(max, norm);
    }
    return { mean: sum / norms.length, min, max };
  }
}

/** Means over samples, as Keras shows them while an epoch runs. */
class RunningMean {
  steps = 0;
  samples = 0;
  private lossSum = 0;
  private accuracySum = 0;

  add({ loss, accuracy, samples, skipped }: StepRecord): void {
    this.steps++;
    if (skipped) return;
    this.samples += samples;
    this.lossSum += loss * samples;
    this.accuracySum += accuracy * samples;
  }

  get loss(): number {
    return this.lossSum / this.samples;
  }

  get accuracy(): number {
    return this.accuracySum / this.samples;
  }

  clear(): void {
    this.steps = this.samples = this.lossSum = this.accuracySum = 0;
  }
}
