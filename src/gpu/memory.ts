import { ConfigurationError } from '../errors.ts';

/** A range of a buffer, for a binding. Offsets are multiples of 256 bytes, as WebGPU requires. */
export interface Slice {
  buffer: GPUBuffer;
  label: string;
  /** In bytes. */
  offset: number;
  size: number;
  /** True if it holds float16 rather than 4-byte numbers. */
  half?: boolean | undefined;
}

export const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const align = (bytes: number) => Math.ceil(bytes / 256) * 256;

/** Size in bytes of a storage buffer for `elements` 4-byte numbers: a whole number of vec4s, at least one. */
export const storageBytes = (elements: number): number => Math.max(16, Math.ceil(elements / 4) * 16);

/** Bytes that a tensor occupies in an arena. */
export const arenaBytes = (elements: number): number => align(elements * 4);

/** A buffer up to this size may also be bound as a uniform, which doesn't count towards the limit on storage buffers. */
const mostUniformBytes = 1024;

/** Offsets of tensors that share one buffer. Each is aligned to 256 bytes, as WebGPU requires for bindings. */
export function arenaLayout(tensors: readonly { label: string; elements: number }[]): {
  places: { label: string; offset: number; size: number }[];
  bytes: number;
} {
  let bytes = 0;
  const places = tensors.map(({ label, elements }) => {
    const offset = bytes;
    bytes += arenaBytes(elements);
    return { label, offset, size: Math.ceil(elements / 4) * 16 };
  });
  return { places, bytes };
}

/** Parts of the error about a buffer that is too large to bind. */
export const largestBinding = (label: string, bytes: number, most: number) => ({
  what: `${label} is larger than this adapter can bind`,
  found: mebibytes(bytes),
  expected: `at most ${mebibytes(most)}`,
  fix: 'use fewer or smaller images, a smaller batch or a smaller model',
});

/** Creates buffers and counts them and their bytes. Training allocates everything before its first step and nothing afterwards. */
export class Memory {
  readonly #device: GPUDevice;
  readonly #buffers = new Set<GPUBuffer>();

  /** Maximum size in bytes of an arena that one dispatch covers; tensors beyond it go into another arena. */
  readonly mostArenaBytes: number;

  /** @param mostArenaBytes smaller than what the device can bind; used by tests. */
  constructor(device: GPUDevice, mostArenaBytes = Infinity) {
    this.#device = device;
    this.mostArenaBytes = Math.min(mostArenaBytes, this.mostBytes);
  }

  get buffers(): number {
    return this.#buffers.size;
  }

  get bytes(): number {
    let sum = 0;
    for (const buffer of this.#buffers) sum += buffer.size;
    return sum;
  }

  /** Maximum size in bytes of a storage buffer that can be bound as a whole. */
  get mostBytes(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    return Math.min(maxStorageBufferBindingSize, maxBufferSize);
  }

  /** A zeroed storage buffer for `elements` 4-byte numbers. @throws ConfigurationError if the device can't bind it. */
  storage(label: string, elements: number): Slice {
    const size = storageBytes(elements);
    if (size > this.mostBytes) throw new ConfigurationError(largestBinding(label, size, this.mostBytes));
    const uniform = size <= mostUniformBytes ? GPUBufferUsage.UNIFORM : 0;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST | uniform;
    return { buffer: this.#create(label, size, usage), label, offset: 0, size };
  }

  /** A storage buffer initialized with `data`. */
  upload(label: string, data: ArrayBufferView): Slice {
    const slice = this.storage(label, Math.ceil(data.byteLength / 4));
    const padded = data.byteLength % 4 ? copyPadded(data) : data;
    this.#device.queue.writeBuffer(slice.buffer, 0, padded.buffer, padded.byteOffset, padded.byteLength);
    return slice;
  }

  /** One buffer for several tensors, each aligned to 256 bytes, so that one dispatch can cover all of them. */
  arena(label: string, tensors: readonly { label: string; elements: number }[]): { all: Slice; tensors: Slice[] } {
    const { places, bytes } = arenaLayout(tensors);
    const all = this.storage(label, bytes / 4);
    return { all, tensors: places.map((place) => ({ ...place, buffer: all.buffer })) };
  }

  /** A buffer that the host can map for reading. */
  staging(label: string, bytes: number): GPUBuffer {
    return this.#create(label, Math.max(16, bytes), GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  }

  free(buffer: GPUBuffer): void {
    this.#buffers.delete(buffer);
    buffer.destroy();
  }

  dispose(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.clear();
  }

  #create(label: string, size: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.#device.createBuffer({ label, size, usage });
    this.#buffers.add(buffer);
    return buffer;
  }
}

function copyPadded(data: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil(data.byteLength / 4) * 4);
  padded.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return padded;
}
