import { ConfigurationError, ShaderError } from '../errors.ts';
import type { Traits } from './device.ts';
import { type Binding, excerpt, type Hole, readBindings, readOverrides, render, withLengths } from './wgsl.ts';

/** Floating-point operations as in the kernel's formula, and the bytes that it cannot avoid to move. */
export interface Cost {
  flops: number;
  bytes: number;
}

/** One way to cut the work of a kernel: tile sizes and the like, the numbers that its shader text needs. */
export type Variant = Record<string, Hole>;

/** The launch of one shader, as a literal. `S` is the shape that it is launched for. */
export interface Kernel<S, V extends Variant = Variant> {
  /** The stem of the .wgsl file, the module's and pipeline's label, the profiler's row. */
  name: string;
  /** The .wgsl text, fragments of shaders/lib after it, so that line 1 stays the formula. */
  source: string | ((shape: S, variant: V) => string);
  /** The shapes worth trying on an adapter, best guess first: without `pick`, the first is taken. */
  variants?: (shape: S, traits: Traits) => V[];
  /** Values of the `#if` flags and text holes. */
  flags?: (shape: S, variant: V) => Record<string, Hole>;
  /** Values of the WGSL `override` constants. */
  constants?: (shape: S, variant: V) => Record<string, number>;
  /** Elements (4 bytes each) of every binding. */
  buffers: (shape: S, variant: V) => Record<string, number>;
  workgroups: (shape: S, variant: V) => [number, number?, number?];
  cost: (shape: S) => Cost;
}

/** A kernel rendered for one shape: all that is known of a launch before there is a device. */
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

/** The same compiled: what a recording launches. */
export interface CompiledKernel extends SpecializedKernel {
  layout: GPUBindGroupLayout;
  pipeline: GPUComputePipeline;
}

const maxWorkgroups = 65535;

/**
 * Renders a kernel for a shape, and checks it against its launch.
 *
 * @param pick a variant other than the adapter's first; the tests go through all of them.
 * @param layer named in errors.
 * @throws ShaderError where shader and launch differ, ConfigurationError where the shape needs too many workgroups.
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
      expected: `at most ${maxWorkgroups} a dimension`,
      fix: 'use fewer units or filters, smaller images or a smaller batch',
    });
  }
  const { name } = kernel;
  return { name, text, bindings, constants, variant, elements, workgroups: [x, y, z], cost: kernel.cost(shape) };
}

/**
 * What was compiled on each device, whoever asked for it: twins, a run that starts again and a second trainer of the same
 * network find their pipelines there.
 */
const compiled = new WeakMap<
  GPUDevice,
  { pipelines: Map<string, Promise<GPUComputePipeline>>; layouts: Map<string, GPUBindGroupLayout> }
>();

/** Pipelines of a device that are kept at most, those used last: some twenty small networks, or two of the largest. */
const mostPipelines = 1000;

/** Compiles kernels, each text and set of constants once a device. */
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
   * @param pick a variant other than the adapter's first; the tests go through all of them.
   * @throws ShaderError with the rendered text around each message of the compiler.
   */
  async compile<S, V extends Variant>(kernel: Kernel<S, V>, shape: S, pick?: V): Promise<CompiledKernel> {
    return this.compileSpecialized(specialize(kernel, shape, this.#traits, pick));
  }

  /** @throws ShaderError with the rendered text around each message of the compiler. */
  async compileSpecialized(kernel: SpecializedKernel): Promise<CompiledKernel> {
    const { name, text, constants, bindings } = kernel;
    const layout = this.#layout(bindings);
    const key = JSON.stringify([text, constants]);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#create(name, text, constants, layout);
      // A failure may pass, such as one for want of memory: whoever asks next gets an attempt of their own.
      pipeline.catch(() => this.#pipelines.delete(key));
    }
    this.#keep(key, pipeline);
    return { ...kernel, layout, pipeline: await pipeline };
  }

  /** A map has the order of its insertions: what is used is inserted again, and the first is the one unused for longest. */
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
    // A shader that does not parse is reported below, with its lines; the scope keeps it from being reported as a lost device first.
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
      throw new ShaderError({ what: `${name}.wgsl doesn't compile:\n${why}` }, { cause });
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
