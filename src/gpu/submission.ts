import type { Slice } from './memory.ts';
import { type Recording, replay } from './recording.ts';

/** The parts of one submission, in order. */
export class Submission {
  readonly encoder: GPUCommandEncoder;

  constructor(encoder: GPUCommandEncoder) {
    this.encoder = encoder;
  }

  /** One compute pass: the recording, as often as asked. */
  compute(recording: Recording, times = 1): this {
    const pass = this.encoder.beginComputePass();
    for (let i = 0; i < times; i++) replay(pass, recording);
    pass.end();
    return this;
  }

  /** @param bytes all of `from` by default. */
  copy(from: Slice, to: { buffer: GPUBuffer; offset: number }, bytes = from.size): this {
    this.encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytes);
    return this;
  }

  clear({ buffer, offset, size }: Pick<Slice, 'buffer' | 'offset' | 'size'>): this {
    this.encoder.clearBuffer(buffer, offset, size);
    return this;
  }
}

/** Encodes work and submits it: the one way in which anything gets to the GPU's queue. Doesn't wait for it. */
export function submit(device: GPUDevice, label: string, encode: (submission: Submission) => void): void {
  const encoder = device.createCommandEncoder({ label });
  encode(new Submission(encoder));
  device.queue.submit([encoder.finish()]);
}
