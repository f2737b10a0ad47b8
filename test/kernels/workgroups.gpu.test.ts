import { describe, expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { type Kernel, specialize } from '../../src/gpu/kernel.ts';
import { loadFurtherTraining } from '../../src/plan/loaded_training.ts';
import { type KernelCase, kernelCases } from '../../src/selftest/kernel_cases.ts';
import { checkKernel, type KernelCheck, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';
import { checkBackwardX, checkForward, checkForwardNarrow } from '../../src/selftest/kernels/conv2d_checks.ts';
import { checkTransposeBackwardX, checkTransposeForward } from '../../src/selftest/kernels/conv2d_transpose_checks.ts';
import { type Convolution, convolution, plain, transposed } from '../../src/selftest/kernels/shapes.ts';
import { weakest, withFeatures } from '../gpu/limited_gpus.ts';

await loadFurtherTraining();

// A dispatch has at most 65,535 workgroups in a dimension, so those of a large batch of large images are folded into rows. Rows of one
// workgroup show at small sizes whether a kernel numbers its workgroups across the rows.

/** The device on which default_limits.gpu.test.ts runs the kernel's first variant, so that it is compiled only once. */
const gpuFor = <S>({ kernel, shape }: Pick<KernelCheck<S>, 'kernel' | 'shape'>): Gpu => {
  const [fewer, all] = [weakest, withFeatures].map(({ traits }) => variantsOf(kernel, shape, traits).length);
  return all! > fewer! ? withFeatures : weakest;
};

const totalOf = <S>({ kernel, shape }: Pick<KernelCheck<S>, 'kernel' | 'shape'>, variant: object) => {
  const [x, y = 1] = kernel.workgroups(shape, variant as never);
  return x * y;
};

const foldedKernel = <S>(kernel: Kernel<S>): Kernel<S> => ({
  ...kernel,
  workgroups: (shape, variant) => [1, totalOf({ kernel, shape }, variant)],
});

/** Checks one variant: all variants of a kernel number their workgroups in the same line. */
const checkFolded = <S>(check: KernelCheck<S>) =>
  checkKernel(gpuFor(check), { ...check, kernel: foldedKernel(check.kernel) }, { pick: 0 });

const isSeveral = <S>(check: KernelCheck<S>) =>
  totalOf(check, variantsOf(check.kernel, check.shape, gpuFor(check).traits)[0]!) > 1;

/** Whether the compiled text of a kernel's first variant numbers its workgroups across the rows of a dispatch. */
const isNumbered = ({ kernel, shape }: KernelCase) => {
  const { traits } = gpuFor({ kernel, shape });
  // Kernels that are meant for other adapters have no variant here.
  if (kernel.variants?.(shape, traits).length === 0) return false;
  const { text } = specialize(kernel, shape, traits);
  // In a kernel whose second dimension is the part of a sum, text that it shares with others declares the number only.
  return text.includes('num_workgroups') && text.includes('groups.x');
};

describe('the self-test’s kernels that read the number of workgroups', () => {
  const numbered = kernelCases().filter(isNumbered);
  const several = numbered.filter(isSeveral);
  test('some of them have more than one workgroup', () => expect(several.length).toBeGreaterThan(5));
  test.each(several.map((each) => [each.kernel.name, each] as const))('%s', async (_, each) => {
    await checkFolded(each);
  });
});

describe('convolutions', () => {
  const image: Convolution = { ...plain, batch: 5, size: [14, 15], channels: 4, filters: 20, kernelSize: [3, 3] };
  const gray = convolution({ ...image, channels: 1, batch: 13 });
  const pooled = convolution({ ...image, pooled: true });
  test.each<[string, KernelCheck<never>]>(
    [
      checkForward(convolution(image)),
      checkForward(pooled),
      checkForwardNarrow(gray),
      checkForwardNarrow({ ...gray, pooled: true }),
      checkBackwardX(convolution({ ...image, channels: 20 })),
      checkTransposeForward(transposed({ ...image, filters: 20 })),
      checkTransposeBackwardX(transposed({ ...image, channels: 20 })),
    ].map((check) => [check.kernel.name, check as unknown as KernelCheck<never>]),
  )('%s', async (_, check) => {
    expect(isSeveral(check)).toBe(true);
    await checkFolded(check);
  });
});
