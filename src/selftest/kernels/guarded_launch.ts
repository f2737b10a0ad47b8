import type { Gpu } from '../../gpu/device.ts';
import type { CompiledKernel, Kernel, KernelCache, Variant } from '../../gpu/kernel.ts';
import { Memory, type Slice } from '../../gpu/memory.ts';
import { readSlices } from '../../gpu/readback.ts';
import { bind, replay } from '../../gpu/recording.ts';
import { expectSame } from '../compare.ts';

/** Content of a binding: floats or words. */
export type Contents = Float32Array | Uint32Array;

/** The bits of a NaN that no arithmetic produces: marks memory that was never written or must not be read. */
export const poison = 0x7fc0dead;

/** Words of poison at the end of every binding, inside of it: robust access would hide an access beyond the binding. */
const guardWords = 64;

export interface GuardedLaunch {
  /** Bindings that the shader only reads, and bindings that it writes or both reads and writes. */
  read: string[];
  written: string[];
  /** Number of elements of each binding. */
  elements: Record<string, number>;
  /**
   * Runs the kernel once. Bindings without contents are poisoned.
   *
   * @returns the bits of every binding that the shader may write.
   * @throws Error if it wrote beyond the end of one.
   */
  run(contents: Readonly<Record<string, Contents>>): Promise<Record<string, Uint32Array>>;
  dispose(): void;
}

/** Compiles a kernel and binds it to guarded memory, which reveals unwritten elements and out-of-bounds writes. */
export async function launchGuarded<S>(
  gpu: Gpu,
  cache: KernelCache,
  kernel: Kernel<S>,
  shape: S,
  variant: Variant,
): Promise<GuardedLaunch> {
  return guarded(gpu, await cache.compile(kernel, shape, variant));
}

/** Binds a compiled kernel to guarded memory. */
export function guarded(gpu: Gpu, compiled: CompiledKernel): GuardedLaunch {
  const memory = new Memory(gpu.device);
  const slices: Record<string, Slice> = {};
  for (const { name } of compiled.bindings) {
    slices[name] = memory.storage(`${compiled.name}.${name}`, compiled.elements[name]! + guardWords);
  }
  const dispatch = bind(gpu.device, compiled, 'guarded', slices);
  const namesOf = (written: boolean) =>
    compiled.bindings.filter(({ access }) => (access === 'read_write') === written).map(({ name }) => name);
  const written = namesOf(true);
  return {
    read: namesOf(false),
    written,
    elements: compiled.elements,
    async run(contents) {
      for (const [name, slice] of Object.entries(slices)) {
        const words = new Uint32Array(slice.size / 4).fill(poison);
        const given = contents[name];
        if (given) words.set(new Uint32Array(given.buffer, given.byteOffset, given.length));
        gpu.device.queue.writeBuffer(slice.buffer, 0, words);
      }
      const encoder = gpu.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      replay(pass, [dispatch]);
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
      const bytes = await readSlices(
        gpu,
        memory,
        written.map((name) => slices[name]!),
      );
      return Object.fromEntries(
        written.map((name, i) => {
          const words = new Uint32Array(bytes[i]!);
          const behind = words.subarray(compiled.elements[name]!);
          expectSame(`behind ${name}`, behind, new Uint32Array(behind.length).fill(poison));
          return [name, words.slice(0, compiled.elements[name]!)];
        }),
      );
    },
    dispose: () => memory.dispose(),
  };
}
