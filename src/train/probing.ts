import type { ProbeRecord } from '../health/health.ts';
import { ProbeReader } from '../health/probe_record.ts';
import type { DatasetInput } from '../plan/input.ts';
import { stepSamples } from '../plan/settings.ts';
import type { BoundProbe, Engine } from './engine.ts';
import { runProbe } from './probe.ts';

// Probes are planned and taken by code that is loaded together.
export { planProbe, probeSequences } from '../plan/probe_plan.ts';

/** The probes of one `fit`: their steps, samples and records. Steps are counted from 1. */
export class Probing {
  private readonly reader: ProbeReader;
  private last = 0;

  constructor(
    private readonly engine: Engine,
    private readonly plan: BoundProbe,
    private readonly input: DatasetInput,
    /** Labels of the training samples, and the offset of these samples in the data set. */
    private readonly labels: ArrayLike<number>,
    private readonly start: number,
    /** The first step, which has no previous gradient. */
    private readonly firstStep: number,
  ) {
    this.reader = new ProbeReader(engine.settings.model);
  }

  /** True if a probe is due before the step and has not been taken yet. */
  isDue(step: number): boolean {
    return step !== this.last && this.stepsSince(step) === 0;
  }

  /** Number of steps, starting with this one, until the next probe. */
  stepsBeforeNext(step: number): number {
    return this.engine.settings.probeEvery - this.stepsSince(step);
  }

  /**
   * Probes the batch of the next step. Nothing may be in flight.
   *
   * @param order the epoch's order of samples.
   * @param batch index of the batch in that order, from 0.
   */
  async probe(step: number, order: Uint32Array, batch: number): Promise<ProbeRecord> {
    this.last = step;
    const { settings } = this.engine;
    const most = stepSamples(settings);
    const entries = order.subarray(batch * most, (batch + 1) * most);
    const place = { position: batch * most, count: entries.length };
    const words = await runProbe(this.engine, this.plan, this.input, place);
    // If an image is seen several times, an entry is copy * images + image; see shaders/augment_draw.wgsl. Per-sample norms are
    // those of the last micro-batch, whose numbers are still in the buffers.
    const seen = entries.subarray(Math.floor((entries.length - 1) / settings.batchSize) * settings.batchSize);
    const samples = Array.from(seen, (entry) => {
      const index = entry % this.labels.length;
      return { sample: this.start + index, label: this.labels[index]! };
    });
    // Calls between steps only run the forward pass, so the previous step's gradient is still in its buffers.
    return this.reader.read(words, {
      step,
      samples,
      count: entries.length,
      follows: step > this.firstStep,
      momentumSign: this.plan.momentumSign,
    });
  }

  private stepsSince(step: number): number {
    return (step - 1) % this.engine.settings.probeEvery;
  }
}
