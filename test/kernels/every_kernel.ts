import type { Gpu } from '../../src/gpu/device.ts';
import type { Hole } from '../../src/gpu/wgsl.ts';
import { loadFurtherTraining } from '../../src/plan/loaded_training.ts';
import { type KernelCase, kernelCases } from '../../src/selftest/kernel_cases.ts';
import { checkKernel, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';

await loadFurtherTraining();

/** One kernel at one shape, whatever that shape is. */
export interface AnyCheck {
  name: string;
  /** The file of shaders/ that holds its text, which another kernel may run too. */
  shader: string;
  /** In any variant, or in one, counted round and round. */
  run(gpu: Gpu, pick?: number): Promise<void>;
  /** The flags that its text was rendered with, a set for each variant. */
  flags(gpu: Gpu): Record<string, Hole>[];
  variants(gpu: Gpu): number;
}

const texts = Object.entries(
  import.meta.glob<string>('../../shaders/*.wgsl', { query: '?raw', import: 'default', eager: true }),
).map(([path, text]) => ({ stem: path.match(/(\w+)\.wgsl$/)![1]!, text }));

/** A kernel's source is one file of shaders/ and fragments of its folders. */
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

/** Every kernel of a training step and of a probe: the cases of the self-test, in all variants and with their sabotage. */
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
