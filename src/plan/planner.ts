import { ConfigurationError } from '../errors.ts';
import type { Traits } from '../gpu/device.ts';
import { type Cost, type Kernel, type SpecializedKernel, specialize, type Variant } from '../gpu/kernel.ts';
import { arenaLayout, largestBinding, storageBytes } from '../gpu/memory.ts';
import { checkBuffers } from '../gpu/recording.ts';
import { type KernelVariants, requireVariant, unmatchedVariants, variantKey } from '../gpu/variants.ts';

/**
 * The content of a buffer of a plan. `gradient` and `scratch` buffers are alive from their first use in a step to the last, a
 * `value` to the step's end; they share memory with what is alive at other times. All others have memory of their own;
 * `input` buffers belong to a data set and come and go with it.
 */
export type BufferKind = 'parameters' | 'state' | 'table' | 'value' | 'gradient' | 'scratch' | 'input';

/** A buffer as a plan knows it: a label and a size. It becomes a GPU buffer, or a part of one, when the plan is bound. */
export class PlanBuffer {
  readonly label: string;
  /** Bytes. */
  readonly size: number;
  readonly kind: BufferKind;
  /** Data that the host writes into it before its first use. */
  readonly data?: ArrayBufferView;
  /** A part of another buffer, which several tensors lie in. */
  place?: { arena: PlanBuffer; offset: number };
  /** Read after the step from outside the plan, so its memory is not shared. */
  pinned: boolean;

  constructor(label: string, size: number, kind: BufferKind, data?: ArrayBufferView) {
    this.label = label;
    this.size = size;
    this.kind = kind;
    if (data) this.data = data;
    this.pinned = kind !== 'gradient' && kind !== 'scratch' && kind !== 'value';
  }
}

/** A part of a plan's buffer, as a binding sees it: what a `Slice` is on the GPU. */
export class BufferRef {
  readonly buffer: PlanBuffer;
  readonly label: string;
  /** Bytes. */
  readonly offset: number;
  readonly size: number;

  constructor(buffer: PlanBuffer, label = buffer.label, offset = 0, size = buffer.size) {
    this.buffer = buffer;
    this.label = label;
    this.offset = offset;
    this.size = size;
  }

  /** The buffer that is bound, and where in it this part begins. */
  get bound(): { buffer: PlanBuffer; offset: number } {
    const { place } = this.buffer;
    return place
      ? { buffer: place.arena, offset: place.offset + this.offset }
      : { buffer: this.buffer, offset: this.offset };
  }
}

/** One launch, in data: what `bindPlan` makes a `Dispatch` of. */
export class PlannedDispatch {
  readonly kernel: SpecializedKernel;
  /** The layer it works for; empty for what belongs to the step as a whole. */
  readonly layer: string;
  /** By the names in the shader. */
  readonly buffers: Readonly<Record<string, BufferRef>>;
  /** What `kernel` was specialized from, for whoever launches it again, in another variant or with another text. */
  readonly launched: TunableKernel;

  constructor(
    kernel: SpecializedKernel,
    layer: string,
    buffers: Readonly<Record<string, BufferRef>>,
    launched: TunableKernel,
  ) {
    this.kernel = kernel;
    this.layer = layer;
    this.buffers = buffers;
    this.launched = launched;
  }

  get name(): string {
    return this.kernel.name;
  }

  get variant(): Variant {
    return this.kernel.variant;
  }

  get cost(): Cost {
    return this.kernel.cost;
  }

  get reads(): BufferRef[] {
    return this.#bound((access) => access !== 'read_write');
  }

  /** A binding that is read and written counts as written. */
  get writes(): BufferRef[] {
    return this.#bound((access) => access === 'read_write');
  }

  #bound(which: (access: string) => boolean): BufferRef[] {
    return this.kernel.bindings.filter(({ access }) => which(access)).map(({ name }) => this.buffers[name]!);
  }
}

/** How large a buffer may be. */
export interface PlanLimits {
  /** Bytes of a storage buffer that can be bound whole. */
  mostBytes: number;
  /** Bytes of an arena that one dispatch is to go over: what is more begins another. */
  mostArenaBytes: number;
}

/** Drafts buffers and dispatches. It is pure: nothing of it needs a GPU. */
export class Planner {
  readonly traits: Traits;
  readonly limits: PlanLimits;
  readonly buffers: PlanBuffer[] = [];
  /** The kernels of the plan that have several variants on this adapter, each at each of its shapes, by `variantKey`. */
  readonly tunable = new Map<string, TunableKernel>();
  readonly #chosen: KernelVariants;
  /** The keys of all kernels of the plan that list variants, if only one for this adapter. */
  readonly #fitting = new Set<string>();

  /** @param chosen variants other than the adapter's defaults. */
  constructor(traits: Traits, limits: PlanLimits, chosen: KernelVariants = {}) {
    this.#chosen = chosen;
    this.traits = traits;
    this.limits = limits;
  }

  /** A buffer for `elements` 4-byte numbers. @throws ConfigurationError when the device can't bind it. */
  buffer(kind: BufferKind, label: string, elements: number, data?: ArrayBufferView): BufferRef {
    const size = storageBytes(elements);
    if (size > this.limits.mostBytes) throw new ConfigurationError(largestBinding(label, size, this.limits.mostBytes));
    const buffer = new PlanBuffer(label, size, kind, data);
    this.buffers.push(buffer);
    return new BufferRef(buffer);
  }

  /** A table that the host fills before its first use. */
  upload(label: string, data: ArrayBufferView): BufferRef {
    return this.buffer('table', label, Math.ceil(data.byteLength / 4), data);
  }

  /** One buffer that holds several tensors, each 256-byte aligned, so that one dispatch can go over all of them. */
  arena(
    kind: BufferKind,
    label: string,
    tensors: readonly { label: string; elements: number }[],
  ): { all: BufferRef; tensors: BufferRef[] } {
    const { places, bytes } = arenaLayout(tensors);
    const all = this.buffer(kind, label, bytes / 4);
    return { all, tensors: places.map(({ label, offset, size }) => new BufferRef(all.buffer, label, offset, size)) };
  }

  /**
   * A launch of a kernel.
   *
   * @param buffers by the names in the shader.
   * @param layer that it works for; left out for what belongs to the step as a whole.
   * @throws ShaderError for buffers that don't match the shader, ConfigurationError for a shape with too many workgroups.
   */
  dispatch<S>(kernel: Kernel<S>, shape: S, buffers: Record<string, BufferRef>, layer = ''): PlannedDispatch {
    const specialized = specialize(kernel, shape, this.traits, this.#variantOf(kernel, shape), layer);
    checkBuffers(specialized, layer, buffers);
    return new PlannedDispatch(specialized, layer, buffers, { kernel, shape } as unknown as TunableKernel);
  }

  /** A sentence for each chosen variant that fits no kernel and shape which this plan launches. */
  unmatchedVariants(): string[] {
    return unmatchedVariants(this.#chosen, [...this.#fitting]);
  }

  /** The chosen variant; undefined for the adapter's default. */
  #variantOf<S>(kernel: Kernel<S>, shape: S): Variant | undefined {
    if (!kernel.variants) return undefined;
    const key = variantKey(kernel, shape);
    this.#fitting.add(key);
    if (kernel.variants(shape, this.traits).length > 1) {
      this.tunable.set(key, { kernel, shape } as unknown as TunableKernel);
    }
    const wanted = this.#chosen[key];
    return wanted && requireVariant(kernel, shape, this.traits, wanted);
  }
}

/** A kernel at a shape, whatever shape that is. */
export interface TunableKernel {
  kernel: Kernel<object>;
  shape: object;
}
