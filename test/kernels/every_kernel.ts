import type { Gpu } from '../../src/gpu/device.ts';
import type { Hole } from '../../src/gpu/wgsl.ts';
import { loadFurtherTraining } from '../../src/plan/loaded_training.ts';
import { type KernelCase, kernelCases } from '../../src/selftest/kernel_cases.ts';
import { checkKernel, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';

await loadFurtherTraining();

/** One kernel at one shape, whatever the type of the shape. */
export interface AnyCheck {
  name: string;
  /** The file in shaders/ with its source, which other kernels may share. */
  shader: string;
  /** Runs all variants, or only the one with index `pick` modulo their number. */
  run(gpu: Gpu, pick?: number): Promise<void>;
  /** The flags that its source was rendered with, one set per variant. */
  flags(gpu: Gpu): Record<string, Hole>[];
  variants(gpu: Gpu): number;
}

const texts = Object.entries(
  import.meta.glob<string>('../../shaders/*.wgsl', { query: '?raw', import: 'default', eager: true }),
).map(([path, text]) => ({ stem: path.match(/(\w+)\.wgsl$/)![1]!, text }));

/** A kernel's source consists of one file in shaders/ and fragments from its subfolders. */
function shaderOf(name: string, source: string): string {
  const [first, ...others] = texts.filter(({ text }) => source.includes(text));
  if (!first || others.length > 0) throw new Error(`${name} holds ${first ? 'several shaders' : 'no shader'}`);
  return first.stem;
}

function sourceOf({ kernel, shape }: KernelCase): string {
  if (typeof kernel.source === 'string') return kernel.source;
  const [variant] = variantsOf(kernel, shape, { software: true, subgroupSize: 0 });
  return kernel.source(shape, variant!);
}

/** Every kernel of a training step and of a probe: the cases of the self-test, in all variants and with sabotage. */
export const everyKernel: AnyCheck[] = kernelCases().map((check) => ({
  name: check.kernel.name,
  shader: shaderOf(check.kernel.name, sourceOf(check)),
  run: (gpu, pick) => checkKernel(gpu, check, { pick }),
  flags: (gpu) => {
    const { kernel, shape } = check;
    return variantsOf(kernel, shape, gpu.traits).map((variant) => kernel.flags?.(shape, variant) ?? {});
  },
  variants: (gpu) => variantsOf(check.kernel, check.shape, gpu.traits).length,
}));
