import { describe, expect, test } from 'vitest';
import type { Traits } from '../../src/gpu/device.ts';
import { type Kernel, specialize } from '../../src/gpu/kernel.ts';
import { type Conv2dShape, conv2dBackwardW, conv2dBackwardX, conv2dForward } from '../../src/kernels/conv2d.ts';
import { conv2dKernelsFor } from '../../src/kernels/conv2d_choice.ts';
import { asConvolution, denseBackwardW, denseBackwardX, denseForward } from '../../src/kernels/dense.ts';
import {
  conv2dTransposeKernelsFor,
  convolutionKernelsFor,
  depthwiseConv2dKernelsFor,
  groupedConv2dKernelsFor,
} from '../../src/kernels/further_convolutions.ts';
import { withFurtherVariants } from '../../src/kernels/further_variants.ts';
import { type Convolution, convolution, depthwise, plain, transposed } from '../../src/selftest/kernels/shapes.ts';

const software: Traits = { software: true, subgroupSize: 4 };
const hardware: Traits = { software: false, subgroupSize: 0 };

const image: Convolution = { ...plain, batch: 32, size: [8, 8], channels: 16, filters: 32, kernelSize: [3, 3] };

const namesOf = ({
  forward,
  backwardX,
  backwardW,
}: Record<'forward' | 'backwardX' | 'backwardW', { name: string }>) => [forward.name, backwardX.name, backwardW.name];

describe('conv2d', () => {
  const chosen = (departure: Partial<Convolution>, traits = software) =>
    (departure.groups && departure.groups > 1 ? groupedConv2dKernelsFor : conv2dKernelsFor)(
      convolution({ ...image, ...departure }),
      traits,
    );

  test.each<[string, Partial<Convolution>, string[]]>([
    ['many channels', {}, ['conv2d_forward', 'conv2d_backward_x', 'conv2d_backward_w']],
    ['one channel', { channels: 1 }, ['conv2d_forward_narrow', 'conv2d_backward_x', 'conv2d_backward_w_narrow']],
    ['three channels', { channels: 3 }, ['conv2d_forward', 'conv2d_backward_x', 'conv2d_backward_w_narrow']],
    [
      'nine rows of w',
      { channels: 9, kernelSize: [1, 1] },
      ['conv2d_forward_narrow', 'conv2d_backward_x', 'conv2d_backward_w_narrow'],
    ],
    [
      'ten rows of w',
      { channels: 10, kernelSize: [1, 1] },
      ['conv2d_forward', 'conv2d_backward_x', 'conv2d_backward_w_narrow'],
    ],
    ['dilation', { dilation: [2, 2] }, ['conv2d_forward', 'conv2d_backward_x', 'conv2d_backward_w']],
    ['groups', { groups: 4 }, ['conv2d_grouped_forward', 'conv2d_grouped_backward_x', 'conv2d_grouped_backward_w']],
    ['one group', { groups: 1 }, ['conv2d_forward', 'conv2d_backward_x', 'conv2d_backward_w']],
  ])('%s', (_, departure, names) => expect(namesOf(chosen(departure))).toEqual(names));

  describe("Winograd's algorithm", () => {
    /** For each pass, whether it can be chosen. */
    const offered = (departure: Partial<Convolution>, traits = software) => {
      const shape = convolution({ ...image, batch: 16, ...departure });
      const { forward, backwardX, backwardW } = convolutionKernelsFor(shape, traits);
      return [forward, backwardX, backwardW].map((kernel) => {
        const all = withFurtherVariants(kernel).variants!(shape, traits);
        expect(all[0]!.winograd).toBeUndefined();
        return all.some(({ winograd }) => winograd);
      });
    };

    test.each<[string, Partial<Convolution>, boolean]>([
      ['a 3x3 kernel', {}, true],
      ['same padding', { padding: 'same' }, true],
      ['a 5x5 kernel', { size: [24, 24], kernelSize: [5, 5] }, false],
      ['a 3x1 kernel', { kernelSize: [3, 1] }, false],
      ['strides', { strides: [2, 1] }, false],
      ['dilation', { dilation: [1, 2] }, false],
      ['an odd number of channels', { channels: 18 }, false],
      ['an odd number of filters', { filters: 30 }, false],
    ])('%s', (_, departure, expected) => {
      for (const traits of [software, hardware]) {
        expect(offered(departure, traits)).toEqual([expected, expected, expected]);
      }
    });

    test('is what long runs on SwiftShader change to for large convolutions', () => {
      /** Multiply-adds: 4 * 22 * 22 * 32 * 16 * 9, about the threshold of 2^23. */
      const large = convolution({ ...image, size: [24, 24], batch: 4 });
      const small = convolution({ ...image, size: [24, 24], batch: 3 });
      const upgradesOf = (shape: Conv2dShape, traits = software) =>
        [conv2dForward, conv2dBackwardX, conv2dBackwardW].map((kernel) => {
          const [first] = withFurtherVariants(kernel).variants!(shape, traits);
          const upgrades = kernel.upgrades?.(shape, traits) ?? false;
          expect(first!.winograd === true).toBe(upgrades);
          // No run starts with it.
          expect(kernel.variants!(shape, traits)[0]!.winograd).toBeUndefined();
          return upgrades;
        });
      expect(upgradesOf(large)).toEqual([true, true, true]);
      expect(upgradesOf(small)).toEqual([false, false, false]);
      expect(upgradesOf({ ...large, strideX: 2 })).toEqual([false, false, false]);
      expect(upgradesOf(large, hardware)).toEqual([false, false, false]);
      const all = withFurtherVariants(conv2dForward).variants!(large, software).map((variant) =>
        JSON.stringify(variant),
      );
      expect(new Set(all).size).toBe(all.length);
      expect(all).toContain(JSON.stringify(conv2dForward.variants!(large, software)[0]));
    });

    test('is launched with its own shader', () => {
      const shape = convolution({ ...image, batch: 8, size: [12, 12] });
      const forward = withFurtherVariants(conv2dForward);
      const [winograd, direct] = [true, undefined].map((wanted) =>
        specialize(
          forward,
          shape,
          software,
          forward.variants!(shape, software).find((variant) => variant.winograd === wanted),
        ),
      );
      expect(specialize(forward, shape, software).text).toBe(direct!.text);
      expect(winograd).toMatchObject({ name: 'conv2d_forward', elements: direct!.elements, cost: direct!.cost });
      expect(winograd!.text).toContain('of_products');
      expect(direct!.text).not.toContain('of_products');
    });
  });

  describe('tiles in workgroup memory and split sums', () => {
    type Kernels = ReturnType<typeof conv2dKernelsFor>;
    /** What a pass can choose from: the rows and columns of its tiles, and the slices of its sum. */
    const offered = (pass: 'forward' | 'backwardX' | 'backwardW', departure: Partial<Convolution>) => {
      const shape = convolution({ ...image, size: [13, 13], channels: 32, filters: 64, ...departure });
      const kernel: Kernels[typeof pass] = conv2dKernelsFor(shape, hardware)[pass];
      const all = withFurtherVariants(kernel).variants!(shape, hardware);
      expect(all[0]).toEqual(kernel.variants!(shape, hardware)[0]);
      return all.flatMap(({ workgroupTile, splitSum, rows, quads, slices }) =>
        workgroupTile ? [[8 * Number(rows), 32 * Number(quads)].join(' x ')] : splitSum ? [slices] : [],
      );
    };
    const small = ['64 x 32', '32 x 32'];
    const large = ['64 x 64', ...small];

    test.each<[string, 'forward' | 'backwardX' | 'backwardW', Partial<Convolution>, unknown[]]>([
      ['64 filters', 'forward', {}, [...large, 16, 8]],
      ['32 filters', 'forward', { filters: 32 }, [...small, 16, 8]],
      ['many pixels', 'forward', { batch: 1024 }, large],
      ['few terms', 'forward', { channels: 4 }, large],
      ['few filters', 'forward', { filters: 10 }, [16, 8]],
      ['channels of no multiple of four', 'forward', { channels: 30 }, [...large, 16, 8]],
      ['an RGB image', 'forward', { channels: 3 }, large],
      ['a gray image, whose weights stay in registers', 'forward', { channels: 1 }, []],
      ['a gray image with 25 terms', 'forward', { channels: 1, kernelSize: [5, 5] }, large],
      ['fewer terms than a tile is worth', 'forward', { channels: 10, kernelSize: [1, 1] }, []],
      ['the input gradient, 32 channels', 'backwardX', {}, [...small, 16, 8]],
      ['the input gradient, filters of no multiple of four', 'backwardX', { filters: 62 }, [...small, 16, 8]],
      ['the filter gradient, which is split already', 'backwardW', {}, large],
      ['the filter gradient, channels of no multiple of four', 'backwardW', { channels: 30 }, large],
      ['the filter gradient, an RGB image', 'backwardW', { channels: 3 }, large],
      ['the filter gradient, a gray image: 9 rows', 'backwardW', { channels: 1 }, []],
    ])('%s', (_, pass, departure, expected) => expect(offered(pass, departure)).toEqual(expected));

    test('dense layers have them too', () => {
      const shape = asConvolution({ ...plain, batch: 32, inputs: 1600, outputs: 128 });
      const marks = ['workgroupTile', 'splitSum'].map((mark) =>
        [denseForward, denseBackwardX, denseBackwardW].map((kernel) =>
          withFurtherVariants(kernel).variants!(shape, hardware).some((variant) => mark in variant),
        ),
      );
      // The input gradient has 128 terms, the filter gradient one for each of 32 samples.
      expect(marks).toEqual([
        [true, true, true],
        [true, false, false],
      ]);
    });
  });

  test.each<[string, Partial<Convolution>, Traits, number]>([
    // 9 * 16 rows in tiles of 8, 32 filters in tiles of 16: 36 tiles.
    ['half as many tiles as keep a software adapter busy', {}, software, 2],
    ['one channel: 2 tiles', { channels: 1 }, software, 32],
    ['as many tiles as keep it busy', { channels: 64 }, software, 1],
    ['never more than images', { batch: 3, channels: 1 }, software, 3],
    ['a hardware adapter', {}, hardware, 32],
    // A group's 9 * 4 rows in tiles of 8, its 8 filters in tiles of 4, 4 groups: 40 invocations of 256.
    ['groups', { groups: 4 }, software, 7],
  ])('parts of the filter gradient: %s', (_, departure, traits, parts) =>
    expect(chosen(departure, traits).parts).toBe(parts),
  );
});

/** The shapes of the tutorial's network, and which variant each product takes on llvmpipe. */
test('llvmpipe: many sums per load, and enough workgroups', () => {
  const llvmpipe: Traits = { software: true, subgroupSize: 0, gathers: true };
  const second = convolution({ ...image, size: [13, 13], channels: 32, filters: 64, pooled: true });
  const dense = asConvolution({ ...plain, batch: 32, inputs: 1600, outputs: 128 });
  const last = asConvolution({ ...plain, batch: 32, inputs: 128, outputs: 10 });
  const first = (kernel: Kernel<Conv2dShape>, shape: Conv2dShape) => kernel.variants!(shape, llvmpipe)[0];
  const tile = { subgroups: false, width: 4, tiles: 2 };
  expect(first(conv2dForward, second)).toEqual({ ...tile, quads: 2, across: 4 });
  expect(first(conv2dBackwardX, second)).toEqual({ ...tile, quads: 4, across: 2 });
  // 32 samples: fewer sums, but eight workgroups.
  expect(first(denseForward, dense)).toEqual({ ...tile, quads: 2, across: 2 });
  expect(first(denseForward, last)).toEqual({ ...tile, quads: 2, tiles: 16 });
  // 8 rows by 16 channels, where the filters are enough for 16 tiles.
  const rows = { subgroups: false, quads: 2, tiles: 2 };
  expect(first(conv2dBackwardW, second)).toEqual({ ...rows, across: 4 });
  expect(first(denseBackwardW, dense)).toEqual({ ...rows, across: 4 });
  expect(first(denseBackwardW, last)).toEqual({ subgroups: false });
  // Other adapters don't have these variants, and every adapter has the small ones, which a saved run may name.
  const small = conv2dForward.variants!(second, hardware);
  expect(small.some(({ across }) => across !== undefined)).toBe(false);
  expect(conv2dForward.variants!(second, llvmpipe)).toEqual(expect.arrayContaining(small));
});

test('llvmpipe: long runs change to tiles of rows for large convolutions', () => {
  const llvmpipe: Traits = { software: true, subgroupSize: 0, gathers: true };
  const shape = { ...image, size: [24, 24], kernelSize: [3, 3] } satisfies Partial<Convolution>;
  const large = convolution({ ...shape, batch: 4 });
  /** The variants of the three passes that a long run changes to. */
  const upgradesOf = (s: Conv2dShape, traits = llvmpipe) =>
    [conv2dForward, conv2dBackwardX, conv2dBackwardW].map((kernel) => {
      expect(kernel.variants!(s, traits)[0]!.rowTile).toBeUndefined();
      return kernel.upgrades?.(s, traits) ? withFurtherVariants(kernel).variants!(s, traits)[0] : undefined;
    });
  const tile = { rowTile: true, across: 2 };
  // 22 pixels out are two tiles of 11, and 24 pixels of the input are two of 12.
  expect(upgradesOf(large)).toEqual([{ ...tile, columns: 11 }, { ...tile, columns: 12 }, undefined]);
  // 11 pooled cells are two tiles of 6, and an odd number of quads of filters is processed one at a time.
  const pooled = convolution({ ...shape, batch: 8, pooled: true, filters: 36 });
  expect(upgradesOf(pooled)[0]).toEqual({ ...tile, columns: 12, across: 1 });
  const none = [undefined, undefined, undefined];
  expect(upgradesOf(convolution({ ...shape, batch: 3 }))).toEqual(none);
  expect(upgradesOf({ ...large, strideX: 2 })).toEqual(none);
  expect(upgradesOf(large, hardware)).toEqual(none);
  for (const traits of [hardware, software]) {
    const all = withFurtherVariants(conv2dForward).variants!(large, traits);
    expect(all.some(({ rowTile }) => rowTile)).toBe(false);
  }
});

test('conv2dTranspose: the filters are the rows of the filter gradient, the channels its columns', () => {
  const chosen = (departure: Partial<Convolution>) =>
    conv2dTransposeKernelsFor(transposed({ ...image, ...departure }), software);
  expect(namesOf(chosen({}))).toEqual([
    'conv2d_transpose_forward',
    'conv2d_transpose_backward_x',
    'conv2d_transpose_backward_w',
  ]);
  expect(namesOf(chosen({ filters: 3 }))[2]).toBe('conv2d_transpose_backward_w_narrow');
  // 9 * 32 rows in tiles of 8, 16 channels in one tile: 36 tiles.
  expect(chosen({}).parts).toBe(2);
});

test('depthwiseConv2d: parts are of rows, and no more than are worth adding up', () => {
  const chosen = (batch: number, traits: Traits) =>
    depthwiseConv2dKernelsFor(depthwise({ ...image, batch, multiplier: 1 }), traits);
  expect(namesOf(chosen(32, software))).toEqual([
    'depthwise_conv2d_forward',
    'depthwise_conv2d_backward_x',
    'depthwise_conv2d_backward_w',
  ]);
  // 3 rows of the kernel, 4 quads of channels: 12 invocations of 256.
  expect(chosen(32, software).parts).toBe(22);
  expect(chosen(1, software).parts).toBe(6);
  expect(chosen(64, hardware).parts).toBe(256);
});
