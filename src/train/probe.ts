import type { Slice } from '../gpu/memory.ts';
import { readStaging } from '../gpu/readback.ts';
import type { Recording } from '../gpu/recording.ts';
import { type Submission, submit } from '../gpu/submission.ts';
import { sharesOf } from '../health/noise.ts';
import type { ProbeWords } from '../health/probe_record.ts';
import { stateFields } from '../kernels/state.ts';
import type { DatasetInput } from '../plan/input.ts';
import { probeParts } from '../plan/probe_plan.ts';
import type { BoundProbe, Engine } from './engine.ts';
import { gradientRecording } from './step_recordings.ts';

/** The next batch in an epoch's order: its first position and its number of samples. */
export interface BatchPlace {
  position: number;
  count: number;
}

/**
 * Measures the gradient of the next step's batch at the current weights: of the whole batch, of its parts, and of its
 * unaugmented images. Each is a forward and backward pass in a separate submission, so that a page stays responsive. Weights
 * and slots are only read, the state is restored each time, and the next step overwrites all other buffers, so training gives bit-identical
 * results with and without a probe.
 *
 * Nothing may be in flight: the gradients must still be the previous step's.
 */
export async function runProbe(
  engine: Engine,
  plan: BoundProbe,
  input: DatasetInput,
  { position, count }: BatchPlace,
): Promise<ProbeWords> {
  const { gpu, steps } = engine;
  const { network, training } = steps;
  const { kept, results, staging } = plan;
  const { device } = gpu;
  const compute = (work: Submission, recording: Recording) => work.compute(recording).copy(kept.state, training.state);
  const step = gradientRecording(steps, input);

  submit(device, 'probe: the batch', (work) => {
    work.copy(training.state, kept.state).copy(network.gradients.all, kept.gradients).clear(results.histograms);
    compute(work, [...step, ...plan.whole]).copy(network.gradients.all, kept.gradients);
  });
  const parts = sharesOf(count, probeParts);
  let first = position;
  for (const [i, samples] of parts.entries()) {
    // begin_step processes the rest of the epoch, up to a batch; here the rest is limited to one part.
    const { buffer, offset } = training.state;
    device.queue.writeBuffer(buffer, offset + 4 * stateFields.indexOf('position'), Uint32Array.of(first));
    device.queue.writeBuffer(buffer, offset + 4 * stateFields.indexOf('samples'), Uint32Array.of(first + samples));
    submit(device, `probe: part ${i}`, (work) => compute(work, [...step, ...plan.parts[i]!]));
    first += samples;
  }
  submit(device, 'probe: plain images and results', (work) => {
    if (input.plain) compute(work, [...gradientRecording(steps, input.plain), ...plan.plain]);
    work.copy(results.all, { buffer: staging, offset: 0 });
  });
  const bytes = await readStaging(gpu, staging, results.all.size);
  const floats = ({ offset, size }: Slice) => new Float32Array(bytes, offset, size / 4);
  return {
    parts: parts.map((samples, i) => ({ samples, products: floats(results.parts[i]!) })),
    last: floats(results.last),
    momentum: floats(results.momentum),
    plain: input.plain && floats(results.plain),
    histograms: new Uint32Array(bytes, results.histograms.offset, results.histograms.size / 4),
    samples: results.samples.map(({ layer, norms }) => ({ layer, squares: floats(norms) })),
  };
}
