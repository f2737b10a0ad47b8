import { ShaderError } from '../errors.ts';
import type { CompiledKernel, Cost, SpecializedKernel, Variant } from './kernel.ts';
import type { Slice } from './memory.ts';

/** One launch: pipeline, bind group and workgroup count, all created before the first step. */
export interface Dispatch {
  /** Name of the kernel. */
  name: string;
  /** Name of the layer it computes for; empty if it belongs to the step as a whole. */
  layer: string;
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  workgroups: [number, number, number];
  cost: Cost;
  /** Parameters of the kernel variant, such as tile sizes. */
  variant: Variant;
  /** Shader text and override constants, as compiled. */
  wgsl: string;
  constants: Readonly<Record<string, number>>;
  /** Labels of the buffers that it reads and writes. */
  reads: string[];
  writes: string[];
}

/** A list of dispatches that is recorded once and replayed every step. */
export type Recording = readonly Dispatch[];

/**
 * Binds a compiled kernel to buffers by their names in its shader.
 *
 * @throws ShaderError for a name that is missing or unknown, or a buffer smaller than the kernel's shape needs.
 */
export function bind(
  device: GPUDevice,
  kernel: CompiledKernel,
  layer: string,
  buffers: Record<string, Slice>,
): Dispatch {
  checkBuffers(kernel, layer, buffers);
  const entries = kernel.bindings.map(({ name, index }): GPUBindGroupEntry => {
    const { buffer, offset, size } = buffers[name]!;
    return { binding: index, resource: { buffer, offset, size } };
  });
  const labels = (access: string) =>
    kernel.bindings
      .filter((b) => (b.access === 'read_write') === (access === 'write'))
      .map((b) => buffers[b.name]!.label);
  return {
    name: kernel.name,
    layer,
    pipeline: kernel.pipeline,
    bindGroup: device.createBindGroup({ label: `${layer}.${kernel.name}`, layout: kernel.layout, entries }),
    workgroups: kernel.workgroups,
    cost: kernel.cost,
    variant: kernel.variant,
    wgsl: kernel.text,
    constants: kernel.constants,
    reads: labels('read'),
    writes: labels('write'),
  };
}

/** @throws ShaderError for a name that is missing or unknown, or a buffer smaller than the kernel's shape needs. */
export function checkBuffers(
  kernel: SpecializedKernel,
  layer: string,
  buffers: Record<string, { label: string; size: number }>,
): void {
  const names = kernel.bindings.map((binding) => binding.name);
  const given = Object.keys(buffers);
  if (given.length !== names.length || names.some((name) => !buffers[name]))
    throw mismatch(kernel, layer, given, names);
  for (const name of names) {
    const slice = buffers[name]!;
    const needed = kernel.elements[name]! * 4;
    if (!(slice.size >= needed)) {
      throw new ShaderError({
        what: `${layer}: ${kernel.name} is bound to too small a buffer as ${name}`,
        found: `${slice.size} bytes in ${slice.label}`,
        expected: `${needed} bytes`,
      });
    }
  }
}

/** Encodes a recording into a pass. Each dispatch sees the writes of the previous ones. */
export function replay(pass: GPUComputePassEncoder, recording: Recording): void {
  for (const dispatch of recording) {
    pass.setPipeline(dispatch.pipeline);
    pass.setBindGroup(0, dispatch.bindGroup);
    pass.dispatchWorkgroups(...dispatch.workgroups);
  }
}

function mismatch(kernel: SpecializedKernel, layer: string, found: string[], expected: string[]): ShaderError {
  return new ShaderError({
    what: `${layer || 'step'}: the buffers given to ${kernel.name} don't match its shader`,
    found: found.join(', '),
    expected: expected.join(', '),
  });
}
