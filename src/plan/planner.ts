import { ConfigurationError } from '../errors.ts';
import type { Traits } from '../gpu/device.ts';
import { type Cost, type Kernel, type SpecializedKernel, specialize, type Variant } from '../gpu/kernel.ts';
import { arenaLayout, largestBinding, storageBytes } from '../gpu/memory.ts';
import { checkBuffers } from '../gpu/recording.ts';
import { type KernelVariants, variantKey } from '../gpu/variants.ts';

/**
 * The content of a plan's buffer. `gradient` and `scratch` buffers are alive from their first to their last use in a step, a
 * `value` until the step ends; they share memory with buffers that are alive at other times. All others have separate memory; `input`
 * buffers belong to a data set and live as long as it does.
 */
export type BufferKind = 'parameters' | 'state' | 'table' | 'value' | 'gradient' | 'scratch' | 'input';

/** A buffer in a plan: a label and a size. Binding the plan turns it into a GPU buffer, or a range of one. */
export class PlanBuffer {
  readonly label: string;
  /** In bytes. */
  size: number;
  readonly kind: BufferKind;
  /** Data that the host writes to it before its first use. */
  readonly data?: ArrayBufferView;
  /** Its range within another buffer that holds several tensors. */
  place?: { arena: PlanBuffer; offset: number };
  /** True if code outside the plan reads it after the step, so that its memory must not be shared. */
  pinned: boolean;
  /** True if its numbers are stored as float16. */
  declare half?: boolean;

  constructor(label: string, size: number, kind: BufferKind, data?: ArrayBufferView) {
    this.label = label;
    this.size = size;
    this.kind = kind;
    if (data) this.data = data;
    this.pinned = kind !== 'gradient' && kind !== 'scratch' && kind !== 'value';
  }
}

/** A range of a plan's buffer, for a binding: the counterpart of a `Slice` on the GPU. */
export class BufferRef {
  /** True if its numbers are stored as float16. */
  declare half?: boolean;
  readonly buffer: PlanBuffer;
  readonly label: string;
  /** In bytes. */
  readonly offset: number;
  readonly size: number;

  constructor(buffer: PlanBuffer, label = buffer.label, offset = 0, size = buffer.size) {
    this.buffer = buffer;
    this.label = label;
    this.offset = offset;
    this.size = size;
  }

  /** The buffer that is bound, and the offset of this range in it. */
  get bound(): { buffer: PlanBuffer; offset: number } {
    const { place } = this.buffer;
    return place
      ? { buffer: place.arena, offset: place.offset + this.offset }
      : { buffer: this.buffer, offset: this.offset };
  }
}

/** One launch as data, which `bindPlan` turns into a `Dispatch`. */
export class PlannedDispatch {
  kernel: SpecializedKernel;
  /** Name of the layer it computes for; empty if it belongs to the step as a whole. */
  readonly layer: string;
  /** By their names in the shader; may contain others, which the kernel that replaces it in a long run reads. */
  readonly buffers: Readonly<Record<string, BufferRef>>;
  /** The kernel and the shape from which `kernel` was specialized. */
  readonly launched: TunableKernel;
  /** The dispatches that share this launch; only this dispatch itself unless it was joined from several. */
  readonly parts: readonly PlannedDispatch[];

  constructor(
    kernel: SpecializedKernel,
    layer: string,
    buffers: Readonly<Record<string, BufferRef>>,
    launched: TunableKernel,
    parts?: readonly PlannedDispatch[],
  ) {
    this.kernel = kernel;
    this.layer = layer;
    this.buffers = buffers;
    this.launched = launched;
    this.parts = parts ?? [this];
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

  /** Includes the buffers that it both reads and writes. */
  get writes(): BufferRef[] {
    return this.#bound((access) => access === 'read_write');
  }

  #bound(which: (access: string) => boolean): BufferRef[] {
    return this.kernel.bindings.filter(({ access }) => which(access)).map(({ name }) => this.buffers[name]!);
  }
}

/** A dispatch in a default variant that a long run replaces with a faster one. Binding it gives the buffers by their names. */
export interface UpgradableDispatch {
  dispatch: PlannedDispatch;
  buffers: PlannedDispatch['buffers'];
  launched: TunableKernel;
}

/** The limits of a device that decide how a plan is laid out. */
export interface PlanLimits {
  /** Maximum size in bytes of a storage buffer that can be bound as a whole. */
  mostBytes: number;
  /** Maximum size in bytes of an arena that one dispatch covers; more goes into another arena. */
  mostArenaBytes: number;
}

/** The functions that join dispatches: see joint_launches.ts. */
export type JointLaunches = Pick<typeof import('./joint_launches.ts'), 'chainLosses' | 'inOneLaunch' | 'joinLaunches'>;

/** Variants that are not loaded for most runs, and the function that finds a chosen one: see further_variants.ts. */
export type FurtherVariants = Pick<
  typeof import('../kernels/further_variants.ts'),
  'withFurtherVariants' | 'requireVariant'
>;

/** Plans buffers and dispatches. It is pure: nothing in it needs a GPU. */
export class Planner {
  readonly traits: Traits;
  readonly limits: PlanLimits;
  readonly buffers: PlanBuffer[] = [];
  /** The kernels of the plan that have several variants on this adapter, with each of their shapes, by `variantKey`. */
  readonly tunable = new Map<string, TunableKernel>();
  /** Variants that replace the adapter's defaults, by `variantKey`. */
  readonly chosen: KernelVariants;
  /** The keys of all kernels of the plan that list variants, even if there is only one for this adapter. */
  readonly fitting = new Set<string>();

  /** Joins dispatches into fewer launches; undefined on a software adapter. */
  readonly joint: JointLaunches | undefined;
  readonly #further: FurtherVariants | undefined;
  readonly upgradable: UpgradableDispatch[] = [];
  /** Adapts a plan that uses buffers of another one whose activations are stored as float16; undefined if none is. */
  declare finish?: (planned: object) => void;

  /**
   * @param chosen variants that replace the adapter's defaults.
   * @param joint joins dispatches into fewer launches, if given.
   * @param further required if variants are chosen.
   */
  constructor(
    traits: Traits,
    limits: PlanLimits,
    chosen: KernelVariants = {},
    joint?: JointLaunches,
    further?: FurtherVariants,
  ) {
    this.joint = joint;
    this.#further = further;
    this.chosen = chosen;
    this.traits = traits;
    this.limits = limits;
  }

  /** A buffer for `elements` 4-byte numbers. @throws ConfigurationError if the device can't bind it. */
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

  /** One buffer for several tensors, each aligned to 256 bytes, so that one dispatch can cover all of them. */
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
   * @param buffers by their names in the shader.
   * @param layer name of the layer it computes for; omitted if it belongs to the step as a whole.
   * @param later further buffers that the faster kernel of a long run may read: see `fasterKernel`.
   * @throws ShaderError for buffers that don't match the shader; ConfigurationError for a shape with too many workgroups.
   */
  dispatch<S>(
    given: Kernel<S>,
    shape: S,
    buffers: Record<string, BufferRef>,
    layer = '',
    later?: Record<string, BufferRef>,
  ): PlannedDispatch {
    const kernel = this.#further?.withFurtherVariants(given) ?? given;
    const chosen = this.#variantOf(kernel, shape);
    // The first of the further variants is not the default.
    const variant = chosen ?? given.variants?.(shape, this.traits)[0];
    const specialized = specialize(kernel, shape, this.traits, variant, layer);
    checkBuffers(specialized, layer, buffers);
    const launched = { kernel, shape } as unknown as TunableKernel;
    const upgrades = !chosen && given.upgrades?.(shape, this.traits);
    const all = { ...buffers, ...(upgrades && later) };
    const dispatch = new PlannedDispatch(specialized, layer, all, launched);
    if (upgrades) this.upgradable.push({ dispatch, buffers: all, launched });
    return dispatch;
  }

  /** The chosen variant; undefined for the adapter's default. */
  #variantOf<S>(kernel: Kernel<S>, shape: S): Variant | undefined {
    if (!kernel.variants) return undefined;
    const key = variantKey(kernel, shape);
    this.fitting.add(key);
    if (kernel.variants(shape, this.traits).length > 1) {
      this.tunable.set(key, { kernel, shape } as unknown as TunableKernel);
    }
    const wanted = this.chosen[key];
    return wanted && this.#further!.requireVariant(kernel, shape, this.traits, wanted);
  }
}

/** A kernel at a shape, of any type. */
export interface TunableKernel {
  kernel: Kernel<object>;
  shape: object;
  /** The form in which the plan launches it, if its activations are stored as float16. */
  form?: (kernel: SpecializedKernel) => SpecializedKernel;
}
