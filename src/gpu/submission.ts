import type { Slice } from './memory.ts';
import { type Recording, replay } from './recording.ts';

/** Encodes the parts of one submission, in order. */
export class Submission {
  readonly encoder: GPUCommandEncoder;

  constructor(encoder: GPUCommandEncoder) {
    this.encoder = encoder;
  }

  /** Adds one compute pass that runs the recording `times` times. */
  compute(recording: Recording, times = 1): this {
    const pass = this.encoder.beginComputePass();
    for (let i = 0; i < times; i++) replay(pass, recording);
    pass.end();
    return this;
  }

  /** @param bytes the whole of `from` by default. */
  copy(from: Slice, to: { buffer: GPUBuffer; offset: number }, bytes = from.size): this {
    this.encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytes);
    return this;
  }

  clear({ buffer, offset, size }: Pick<Slice, 'buffer' | 'offset' | 'size'>): this {
    this.encoder.clearBuffer(buffer, offset, size);
    return this;
  }
}

/** Encodes and submits work without waiting for it. All work reaches the GPU's queue through this function. */
export function submit(device: GPUDevice, label: string, encode: (submission: Submission) => void): void {
  const encoder = device.createCommandEncoder({ label });
  encode(new Submission(encoder));
  device.queue.submit([encoder.finish()]);
}
