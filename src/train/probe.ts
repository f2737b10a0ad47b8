import type { Slice } from '../gpu/memory.ts';
import { readStaging } from '../gpu/readback.ts';
import { type Recording, replay } from '../gpu/recording.ts';
import { sharesOf } from '../health/noise.ts';
import type { ProbeWords } from '../health/probe_record.ts';
import { stateFields } from '../kernels/state.ts';
import type { DatasetInput } from '../plan/input.ts';
import { probeParts } from '../plan/probe_plan.ts';
import type { BoundProbe, Engine } from './engine.ts';

/** A place in an epoch's order of samples: where the next batch begins, and how many it has. */
export interface BatchPlace {
  position: number;
  count: number;
}

/**
 * Measures what the next step's batch says of the gradient at the present weights: as it will be trained on, part by part,
 * and as its images are without augmentation. Each is a step's forward and backward pass, in a submission of its own, so
 * that a page stays alive. Weights and moments are only read, the state is put back each time, and what lies in the
 * buffers between is what the step to come overwrites: training goes on bit by bit as if nothing had been.
 *
 * Nothing may be under way: the gradients have to be the last step's.
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
  const { queue } = gpu.device;
  const submit = (label: string, encode: (encoder: GPUCommandEncoder) => void) => {
    const encoder = gpu.device.createCommandEncoder({ label: `probe: ${label}` });
    encode(encoder);
    queue.submit([encoder.finish()]);
  };
  const compute = (encoder: GPUCommandEncoder, recording: Recording) => {
    const pass = encoder.beginComputePass();
    replay(pass, recording);
    pass.end();
    copy(encoder, kept.state, training.state);
  };
  const step = engine.gradientRecording(input.recording, input.mixed);

  submit('the batch', (encoder) => {
    copy(encoder, training.state, kept.state);
    copy(encoder, network.gradients.all, kept.gradients);
    encoder.clearBuffer(results.histograms.buffer, results.histograms.offset, results.histograms.size);
    compute(encoder, [...step, ...plan.whole]);
    copy(encoder, network.gradients.all, kept.gradients);
  });
  const parts = sharesOf(count, probeParts);
  let first = position;
  for (const [i, samples] of parts.entries()) {
    // begin_step takes what is left of the epoch, up to a batch: here a part is all that is left.
    const { buffer, offset } = training.state;
    queue.writeBuffer(buffer, offset + 4 * stateFields.indexOf('position'), Uint32Array.of(first));
    queue.writeBuffer(buffer, offset + 4 * stateFields.indexOf('samples'), Uint32Array.of(first + samples));
    submit(`part ${i}`, (encoder) => compute(encoder, [...step, ...plan.parts[i]!]));
    first += samples;
  }
  submit('plain images and results', (encoder) => {
    if (input.plain) {
      compute(encoder, [...engine.gradientRecording(input.plain, false), ...plan.plain]);
    }
    encoder.copyBufferToBuffer(results.all.buffer, 0, staging, 0, results.all.size);
  });
  const bytes = await readStaging(gpu, staging, results.all.size);
  const floats = ({ offset, size }: Slice) => new Float32Array(bytes, offset, size / 4);
  return {
    parts: parts.map((samples, i) => ({ samples, products: floats(results.parts[i]!) })),
    last: floats(results.last),
    momentum: floats(results.momentum),
    plain: input.plain && floats(results.plain),
    histograms: new Uint32Array(bytes, results.histograms.offset, results.histograms.size / 4),
    samples: results.samples.map(({ layer, norms }) => ({ layer, squares: floats(norms).subarray(0, count) })),
  };
}

function copy(encoder: GPUCommandEncoder, from: Slice, to: Slice): void {
  encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.size);
}
