import { ConfigurationError, ShaderError } from '../errors.ts';
import type { Traits } from './device.ts';
import { type Binding, excerpt, type Hole, readBindings, readOverrides, render, withLengths } from './wgsl.ts';

/** Floating-point operations according to the kernel's formula, and the minimum number of bytes it must move. */
export interface Cost {
  flops: number;
  bytes: number;
}

/** Parameters that fill the holes of a kernel's shader text, such as tile sizes. A kernel may have several variants. */
export type Variant = Record<string, Hole>;

/** Declares how one shader is launched. `S` is the type of the shapes it can be launched for. */
export interface Kernel<S, V extends Variant = Variant> {
  /** Stem of the .wgsl file; also the label of the module and pipeline, and the profiler's row. */
  name: string;
  /** The .wgsl text, with fragments of shaders/lib appended so that line 1 remains the formula. */
  source: string | ((shape: S, variant: V) => string);
  /** Variants worth trying on an adapter, best guess first. The first is used unless `pick` names another. */
  variants?: (shape: S, traits: Traits) => V[];
  /**
   * Whether a run replaces the default after its first steps with a variant that is faster but takes long to compile: the first one that
   * src/kernels/further_variants.ts lists.
   */
  upgrades?: (shape: S, traits: Traits) => boolean;
  /** Values of the `#if` flags and text holes. */
  flags?: (shape: S, variant: V) => Record<string, Hole>;
  /** Values of the WGSL `override` constants. */
  constants?: (shape: S, variant: V) => Record<string, number>;
  /** Elements (4 bytes each) of every binding. */
  buffers: (shape: S, variant: V) => Record<string, number>;
  workgroups: (shape: S, variant: V) => [number, number?, number?];
  cost: (shape: S) => Cost;
}

/** A kernel rendered for one shape: everything that is known about a launch before there is a device. */
export interface SpecializedKernel {
  name: string;
  text: string;
  bindings: Binding[];
  constants: Record<string, number>;
  variant: Variant;
  /** Elements of each binding. */
  elements: Record<string, number>;
  workgroups: [number, number, number];
  cost: Cost;
}

/** A kernel after compilation, ready to be bound and recorded. */
export interface CompiledKernel extends SpecializedKernel {
  layout: GPUBindGroupLayout;
  pipeline: GPUComputePipeline;
}

const maxWorkgroups = 65535;

/**
 * Renders a kernel for a shape and checks that shader and launch agree.
 *
 * @param pick a variant other than the adapter's first; tests run all of them.
 * @param layer name of the layer, for error messages.
 * @throws ShaderError if shader and launch differ; ConfigurationError if the shape needs too many workgroups.
 */
export function specialize<S, V extends Variant>(
  kernel: Kernel<S, V>,
  shape: S,
  traits: Traits,
  pick?: V,
  layer = '',
): SpecializedKernel {
  const variant = pick ?? kernel.variants?.(shape, traits)[0] ?? ({} as V);
  const source = typeof kernel.source === 'function' ? kernel.source(shape, variant) : kernel.source;
  const rendered = render(kernel.name, source, kernel.flags?.(shape, variant));
  const bindings = readBindings(rendered);
  const elements = kernel.buffers(shape, variant);
  sameNames(
    kernel.name,
    'bindings',
    bindings.map((b) => b.name),
    Object.keys(elements),
  );
  const text = withLengths(rendered, elements);
  const constants = kernel.constants?.(shape, variant) ?? {};
  sameNames(kernel.name, 'override constants', readOverrides(text), Object.keys(constants));
  const [x, y = 1, z = 1] = kernel.workgroups(shape, variant);
  if (!(Math.max(x, y, z) <= maxWorkgroups)) {
    throw new ConfigurationError({
      what: `${layer && `Layer ${layer} is too large: `}${kernel.name} needs too many workgroups`,
      found: [x, y, z],
      expected: `at most ${maxWorkgroups} per dimension`,
      fix: 'use fewer units or filters, smaller images or a smaller batch',
    });
  }
  const { name } = kernel;
  return { name, text, bindings, constants, variant, elements, workgroups: [x, y, z], cost: kernel.cost(shape) };
}

/** Compiled pipelines of each device. Twins, a restarted run and a second trainer of the same network reuse them. */
const compiled = new WeakMap<
  GPUDevice,
  { pipelines: Map<string, Promise<GPUComputePipeline>>; layouts: Map<string, GPUBindGroupLayout> }
>();

/**
 * Maximum number of pipelines kept per device; the least recently used are dropped. Enough for some twenty small networks or
 * two of the largest.
 */
const mostPipelines = 1000;

/** Compiles kernels, at most once per device for each text and set of constants. */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #traits: Traits;
  readonly #pipelines: Map<string, Promise<GPUComputePipeline>>;
  readonly #layouts: Map<string, GPUBindGroupLayout>;

  constructor(device: GPUDevice, traits: Traits) {
    this.#device = device;
    this.#traits = traits;
    const known = compiled.get(device) ?? { pipelines: new Map(), layouts: new Map() };
    compiled.set(device, known);
    this.#pipelines = known.pipelines;
    this.#layouts = known.layouts;
  }

  /**
   * Renders and compiles a kernel for a shape.
   *
   * @param pick a variant other than the adapter's first; tests run all of them.
   * @throws ShaderError that quotes the rendered text around each compiler message.
   */
  async compile<S, V extends Variant>(kernel: Kernel<S, V>, shape: S, pick?: V): Promise<CompiledKernel> {
    return this.compileSpecialized(specialize(kernel, shape, this.#traits, pick));
  }

  /** @throws ShaderError that quotes the rendered text around each compiler message. */
  async compileSpecialized(kernel: SpecializedKernel): Promise<CompiledKernel> {
    const { name, text, constants, bindings } = kernel;
    const layout = this.#layout(bindings);
    const key = JSON.stringify([text, constants]);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#create(name, text, constants, layout);
      // A failure may be temporary (out of memory, for example), so it is not cached: the next request compiles again.
      pipeline.catch(() => this.#pipelines.delete(key));
    }
    this.#keep(key, pipeline);
    return { ...kernel, layout, pipeline: await pipeline };
  }

  /** A Map iterates in insertion order. Reinserting a pipeline on every use keeps the least recently used one first. */
  #keep(key: string, pipeline: Promise<GPUComputePipeline>): void {
    this.#pipelines.delete(key);
    this.#pipelines.set(key, pipeline);
    for (const oldest of this.#pipelines.keys()) {
      if (this.#pipelines.size <= mostPipelines) break;
      this.#pipelines.delete(oldest);
    }
  }

  #layout(bindings: Binding[]): GPUBindGroupLayout {
    const key = bindings.map((b) => `${b.index}${b.access}`).join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      layout = this.#device.createBindGroupLayout({
        label: key,
        entries: bindings.map((b) => ({
          binding: b.index,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: b.access === 'uniform' ? 'uniform' : b.access === 'read' ? 'read-only-storage' : 'storage' },
        })),
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  async #create(
    name: string,
    text: string,
    constants: Record<string, number>,
    layout: GPUBindGroupLayout,
  ): Promise<GPUComputePipeline> {
    // Invalid WGSL is reported below, with its lines. Without this scope it would first be reported as an uncaptured error,
    // which counts as a lost device.
    this.#device.pushErrorScope('validation');
    const module = this.#device.createShaderModule({ label: name, code: text });
    this.#device.popErrorScope().catch(() => undefined);
    try {
      return await this.#device.createComputePipelineAsync({
        label: name,
        layout: this.#device.createPipelineLayout({ label: name, bindGroupLayouts: [layout] }),
        compute: { module, constants },
      });
    } catch (cause) {
      const { messages } = await module.getCompilationInfo();
      const why = messages.length ? excerpt(text, messages) : String(cause);
      const problem = messages[0]?.message ?? String(cause);
      throw new ShaderError({ what: `${name}.wgsl doesn't compile:\n${why}`, problem }, { cause });
    }
  }
}

function sameNames(kernel: string, what: string, declared: string[], given: string[]): void {
  const missing = declared.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !declared.includes(name));
  if (missing.length || unknown.length) {
    throw new ShaderError({
      what: `The ${what} of ${kernel}.wgsl and of its launch differ`,
      found: given.join(', '),
      expected: declared.join(', '),
    });
  }
}
