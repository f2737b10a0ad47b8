import type { Gpu } from '../../gpu/device.ts';
import type { Kernel, KernelCache, Variant } from '../../gpu/kernel.ts';
import { Memory, type Slice } from '../../gpu/memory.ts';
import { readSlices } from '../../gpu/readback.ts';
import { bind, replay } from '../../gpu/recording.ts';
import { expectSame } from '../compare.ts';

/** What a binding holds: floats, or words. */
export type Contents = Float32Array | Uint32Array;

/** The bits of a NaN that no arithmetic makes: memory that nobody has written, or should have read. */
export const poison = 0x7fc0dead;

/** Words of poison behind every binding and inside of it, where a robust access out of bounds doesn't hide. */
const guardWords = 64;

export interface GuardedLaunch {
  /** The bindings that the shader reads, and those that it writes; one that it does both to is among the written. */
  read: string[];
  written: string[];
  /** Elements of each. */
  elements: Record<string, number>;
  /**
   * Runs the kernel once. Bindings without contents are poisoned.
   *
   * @returns the bits of every binding that the shader may write.
   * @throws Error where it wrote behind the end of one.
   */
  run(contents: Readonly<Record<string, Contents>>): Promise<Record<string, Uint32Array>>;
  dispose(): void;
}

/** Compiles a kernel and binds it to memory that shows what was never written, and what was written too far. */
export async function launchGuarded<S>(
  gpu: Gpu,
  cache: KernelCache,
  kernel: Kernel<S>,
  shape: S,
  variant: Variant,
): Promise<GuardedLaunch> {
  const compiled = await cache.compile(kernel, shape, variant);
  const memory = new Memory(gpu.device);
  const slices: Record<string, Slice> = {};
  for (const { name } of compiled.bindings) {
    slices[name] = memory.storage(`${kernel.name}.${name}`, compiled.elements[name]! + guardWords);
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
