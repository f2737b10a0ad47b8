import type { Gpu } from './device.ts';
import { type Kernel, KernelCache, type SpecializedKernel } from './kernel.ts';
import type { Memory, Slice } from './memory.ts';
import { bind, type Dispatch } from './recording.ts';

/** Makes recordings: it compiles kernels, has buffers made, and binds buffers to kernels. */
export class Recorder {
  readonly gpu: Gpu;
  readonly memory: Memory;
  readonly #cache: KernelCache;

  /** @param cache of a recorder that has compiled the same kernels before. */
  constructor(gpu: Gpu, memory: Memory, cache = new KernelCache(gpu.device, gpu.traits)) {
    this.gpu = gpu;
    this.memory = memory;
    this.#cache = cache;
  }

  /** Another one with the same compiled kernels, whose buffers live as long as `memory`. */
  into(memory: Memory): Recorder {
    return new Recorder(this.gpu, memory, this.#cache);
  }

  /**
   * A launch of a kernel, ready to be replayed.
   *
   * @param buffers by the names in the shader.
   * @param layer that it works for; left out for what belongs to the step as a whole.
   * @throws ShaderError for a shader that doesn't compile, or buffers that don't match it.
   */
  async dispatch<S>(kernel: Kernel<S>, shape: S, buffers: Record<string, Slice>, layer = ''): Promise<Dispatch> {
    return bind(this.gpu.device, await this.#cache.compile(kernel, shape), layer, buffers);
  }

  /** The same of a kernel that is rendered already. */
  async dispatchSpecialized(
    kernel: SpecializedKernel,
    buffers: Record<string, Slice>,
    layer: string,
  ): Promise<Dispatch> {
    return bind(this.gpu.device, await this.#cache.compileSpecialized(kernel), layer, buffers);
  }
}
