import type { Gpu } from './device.ts';
import { type Kernel, KernelCache, type SpecializedKernel } from './kernel.ts';
import type { Memory, Slice } from './memory.ts';
import { bind, type Dispatch } from './recording.ts';

/** Builds recordings: compiles kernels, allocates buffers and binds them. */
export class Recorder {
  readonly gpu: Gpu;
  readonly memory: Memory;
  readonly #cache: KernelCache;

  /** @param cache of another recorder, to reuse its compiled kernels. */
  constructor(gpu: Gpu, memory: Memory, cache = new KernelCache(gpu.device, gpu.traits)) {
    this.gpu = gpu;
    this.memory = memory;
    this.#cache = cache;
  }

  /** Returns a recorder that shares the compiled kernels but allocates its buffers in `memory`. */
  into(memory: Memory): Recorder {
    return new Recorder(this.gpu, memory, this.#cache);
  }

  /**
   * Prepares a dispatch that can be replayed.
   *
   * @param buffers by their names in the shader.
   * @param layer name of the layer it computes for; omitted if it belongs to the step as a whole.
   * @throws ShaderError for a shader that doesn't compile, or buffers that don't match it.
   */
  async dispatch<S>(kernel: Kernel<S>, shape: S, buffers: Record<string, Slice>, layer = ''): Promise<Dispatch> {
    return bind(this.gpu.device, await this.#cache.compile(kernel, shape), layer, buffers);
  }

  /** Starts to compile a kernel. Its dispatches report errors. */
  compile(kernel: SpecializedKernel): void {
    this.#cache.compileSpecialized(kernel).catch(() => undefined);
  }

  /** Like `dispatch`, for a kernel that has already been rendered. */
  async dispatchSpecialized(
    kernel: SpecializedKernel,
    buffers: Record<string, Slice>,
    layer: string,
  ): Promise<Dispatch> {
    return bind(this.gpu.device, await this.#cache.compileSpecialized(kernel), layer, buffers);
  }
}
