import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { exponentHistogram } from '../../src/reference/probes.ts';
import { type Arena, arenaOf } from '../../src/selftest/kernels/arena.ts';
import { cacheOf, checkKernel } from '../../src/selftest/kernels/check_kernel.ts';
import { type Contents, launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import {
  checkExponentHistogram,
  checkGradientProducts,
  checkGradientProductsReduce,
  checkSampleNorms,
} from '../../src/selftest/kernels/probe_checks.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const arenas: Record<string, number[]> = {
  'the control: a small network': [288, 33, 1001, 10],
  'a few numbers': [1, 9, 2],
  'a vec4 and one over': [5],
  'one more than a vec4 an invocation': [257],
  'one short of a chunk': [4095],
  'one past a chunk': [4097, 3],
  'three chunks and a part': [14_001, 7],
  'more tensors than invocations': Array.from({ length: 70 }, (_, i) => i + 1),
};

/** The same layout with other numbers. */
function another(arena: Arena, seed: number): Arena {
  const other = { ...arena, dw: arena.dw.slice() };
  for (const tensor of arena.tensors) {
    const first = (tensor.byteOffset - arena.dw.byteOffset) / 4;
    for (let i = 0; i < tensor.length; i++) other.dw[first + i] = Math.sin(seed + 1.7 * (first + i)) * tensor[i]!;
  }
  return other;
}

/** Covers all exponents of float32, including subnormal numbers and zeros. */
function spread(sizes: readonly number[]): Arena {
  const arena = arenaOf(sizes);
  const bits = new Uint32Array(arena.dw.buffer);
  for (const tensor of arena.tensors) {
    const first = (tensor.byteOffset - arena.dw.byteOffset) / 4;
    for (let i = 0; i < tensor.length; i++) {
      const mantissa = (first + i) % 3 ? Math.imul(i + 1, 0x9e3779b1) & 0x7fffff : 0;
      bits[first + i] = ((((i * 37) % 255) << 23) | mantissa | ((i % 2) << 31)) >>> 0;
    }
  }
  return arena;
}

describe.each(Object.entries(arenas))('%s', (_, sizes) => {
  test('exponent_histogram', () => checkKernel(gpu, checkExponentHistogram(arenaOf(sizes))));
  test('exponent_histogram of every exponent', () => checkKernel(gpu, checkExponentHistogram(spread(sizes))));
  test('gradient_products', () => checkKernel(gpu, checkGradientProducts(arenaOf(sizes), another(arenaOf(sizes), 1))));
  test('gradient_products_reduce', () => checkKernel(gpu, checkGradientProductsReduce(arenaOf(sizes))));
});

test('random tensors', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(sizes, async (each) => {
    const arena = arenaOf([...each, 3]);
    await checkKernel(gpu, checkExponentHistogram(arena));
    await checkKernel(gpu, checkGradientProducts(arena, another(arena, 2)));
    await checkKernel(gpu, checkGradientProductsReduce(arena));
  });
  await fc.assert(property, { seed: 1, numRuns: 8 });
});

describe('where a number is counted', () => {
  test.each([
    ['the least of the first bin', 2 ** -48, 0],
    ['less than the first bin', 2 ** -100, 0],
    ['the least normal number', 2 ** -126, 0],
    ['the least subnormal number', 2 ** -149, 0],
    ['the largest subnormal number', 2 ** -126 - 2 ** -149, 0],
    ['the least of the second bin', 2 ** -47, 1],
    ['the largest of the first bin', 2 ** -47 * (1 - 2 ** -24), 0],
    ['one', 1, 48],
    ['minus one', -1, 48],
    ['one less an ulp', 1 - 2 ** -24, 47],
    ['the least of the last bin', 2 ** 15, 63],
    ['more than the last bin', 3e38, 63],
    ['zero', 0, 'zeros'],
    ['minus zero', -0, 'zeros'],
    ['infinity', Infinity, 'nonFinite'],
    ['minus infinity', -Infinity, 'nonFinite'],
    ['NaN', Number.NaN, 'nonFinite'],
  ])('%s', async (_, value, place) => {
    const arena = arenaOf([300, 299]);
    arena.tensors[1]!.fill(Math.fround(value));
    const counted = exponentHistogram({ dw: arena.tensors[1]! });
    expect(typeof place === 'number' ? counted.bins[place] : counted[place as 'zeros']).toBe(299);
    await checkKernel(gpu, checkExponentHistogram(arena));
  });
});

describe('sample_norms', () => {
  const control = { batch: 6, inputs: 40, outputs: 10, useBias: true, count: 6, scale: 1 };
  test.each<[string, Partial<typeof control>]>([
    ['the control', {}],
    ['no bias', { useBias: false }],
    ['a short batch', { count: 4 }],
    ['one sample', { batch: 1, count: 1 }],
    ['one of everything', { batch: 1, count: 1, inputs: 1, outputs: 1 }],
    ['an input an invocation', { inputs: 64 }],
    ['one more', { inputs: 65 }],
    ['more outputs than invocations', { outputs: 130 }],
    ['small deltas', { scale: 1e-12 }],
    ['many samples', { batch: 300, count: 299, inputs: 7 }],
  ])('%s', (_, departure) => checkKernel(gpu, checkSampleNorms({ ...control, ...departure })));

  test('more samples than a row of workgroups', async () => {
    const check = checkSampleNorms({ ...control, batch: 65_536, count: 65_535, inputs: 1, outputs: 1 });
    const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, {});
    const inputs = { ...check.given, x: Float32Array.from({ length: 65_536 }, (_, n) => n / 65_536) };
    const { norms } = await launch.run(inputs as Record<string, Contents>);
    launch.dispose();
    check.twin(inputs as Record<string, Contents>).norms!('norms', norms!);
  });
});
