import type { ProbeRecord } from '../health/health.ts';
import { ProbeReader } from '../health/probe_record.ts';
import type { DatasetInput } from '../plan/input.ts';
import { stepSamples } from '../plan/settings.ts';
import type { BoundProbe, Engine } from './engine.ts';
import { runProbe } from './probe.ts';

/** The probes of one `fit`: their steps, their samples and their records. Steps are counted from 1. */
export class Probing {
  private readonly reader: ProbeReader;
  private last = 0;

  constructor(
    private readonly engine: Engine,
    private readonly plan: BoundProbe,
    private readonly input: DatasetInput,
    /** Labels of the samples that are trained on, and where in the data set these begin. */
    private readonly labels: ArrayLike<number>,
    private readonly start: number,
    /** The first step, which has no gradient before it. */
    private readonly firstStep: number,
  ) {
    this.reader = new ProbeReader(engine.settings.model);
  }

  /** Whether a probe is due before the step; false once it was taken. */
  isDue(step: number): boolean {
    return step !== this.last && this.stepsSince(step) === 0;
  }

  /** How many steps, from this one on, may go by until the next probe. */
  stepsBeforeNext(step: number): number {
    return this.engine.settings.probeEvery - this.stepsSince(step);
  }

  /**
   * Probes the batch of a step that is about to be taken. Nothing may be under way.
   *
   * @param order the epoch's order of samples, and in it the number of the batch, from 0.
   */
  async probe(step: number, order: Uint32Array, batch: number): Promise<ProbeRecord> {
    this.last = step;
    const { settings } = this.engine;
    const most = stepSamples(settings);
    const entries = order.subarray(batch * most, (batch + 1) * most);
    const place = { position: batch * most, count: entries.length };
    const words = await runProbe(this.engine, this.plan, this.input, place);
    // Where an image is seen several times, an entry is copy * images + image: shaders/augment_draw.wgsl.
    // The norms of single samples are those of the last micro-batch, whose numbers the buffers hold.
    const seen = entries.subarray(Math.floor((entries.length - 1) / settings.batchSize) * settings.batchSize);
    const samples = Array.from(seen, (entry) => {
      const index = entry % this.labels.length;
      return { sample: this.start + index, label: this.labels[index]! };
    });
    // Calls between steps only run forward, so the last step's gradient is still in its buffers.
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
