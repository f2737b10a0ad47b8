import { planBatch } from '../../../src/augment/batch.ts';
import { parseAugmentation } from '../../../src/augment/pipeline.ts';
import type { Gpu } from '../../../src/gpu/device.ts';
import { Memory } from '../../../src/gpu/memory.ts';
import { Recorder } from '../../../src/gpu/recorder.ts';
import { type Recording, replay } from '../../../src/gpu/recording.ts';
import { unlessAborted } from '../../../src/gpu/unless_aborted.ts';
import { packState, stateWords } from '../../../src/kernels/state.ts';
import { tutorialAugmentation } from '../../../src/model/tutorial.ts';
import { product } from '../../../src/product';

const batch = 256;

/** The tutorial's augmentation alone, on synthetic bytes of a shape: batches run until the given time has passed. */
export class Augmentation {
  readonly #memory: Memory;

  private constructor(
    private readonly gpu: Gpu,
    private readonly recording: Recording,
    memory: Memory,
  ) {
    this.#memory = memory;
  }

  static async plan(gpu: Gpu, imageShape: readonly number[]): Promise<Augmentation> {
    const memory = new Memory(gpu.device);
    const elements = batch * product(imageShape);
    const state = memory.storage('state', stateWords);
    const values = { seed: 1, epoch: 1, samples: batch, position: batch, start: 0, count: batch };
    gpu.device.queue.writeBuffer(state.buffer, 0, packState(values));
    const pipeline = parseAugmentation(tutorialAugmentation, imageShape);
    const images = Uint8Array.from({ length: elements }, (_, i) => (i * 7919) % 256);
    const { recording } = await planBatch(new Recorder(gpu, memory), pipeline, {
      batch,
      state,
      order: memory.upload(
        'order',
        Uint32Array.from({ length: batch }, (_, i) => i),
      ),
      samplesPerEpoch: batch,
      count: batch,
      pixels: { images: memory.upload('images', images), bytes: true, output: memory.storage('y', elements) },
    });
    return new Augmentation(gpu, recording, memory);
  }

  /** Images per second. */
  async measure(ms: number): Promise<number> {
    let images = 0;
    const begun = performance.now();
    while (performance.now() - begun < ms) {
      const encoder = this.gpu.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (let i = 0; i < 4; i++) replay(pass, this.recording);
      pass.end();
      this.gpu.device.queue.submit([encoder.finish()]);
      await unlessAborted(this.gpu.device.queue.onSubmittedWorkDone(), this.gpu.failure);
      images += 4 * batch;
    }
    return (1000 * images) / (performance.now() - begun);
  }

  dispose(): void {
    this.#memory.dispose();
  }
}
