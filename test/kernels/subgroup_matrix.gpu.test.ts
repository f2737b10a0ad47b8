import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { Conv2dShape } from '../../src/kernels/conv2d.ts';
import { asConvolution } from '../../src/kernels/dense.ts';
import { gradientScale } from '../../src/kernels/subgroup_matrix.ts';
import { checkKernel, type KernelCheck } from '../../src/selftest/kernels/check_kernel.ts';
import { matrixChecks } from '../../src/selftest/kernels/matrix_checks.ts';
import { type Convolution, convolution } from '../../src/selftest/kernels/shapes.ts';
import { tolerances } from '../../src/selftest/tolerance.ts';
import { emulatedGpu, emulatedMatrices } from './emulated_subgroup_matrix.ts';
import { rounded } from './halves.ts';
import {
  activations,
  channelsOfNoMultiple,
  control,
  type Departures,
  denseLayers,
  everywhere,
  few,
  filtersOfNoMultiple,
  inActivations,
  oneRow,
  parts,
  pools,
  randomShapes,
} from './tile_shapes.ts';

// The products on tensor cores, with subgroup matrices emulated: all that is theirs is tested, except how a GPU multiplies.

type Check = (shape: Conv2dShape) => KernelCheck<Conv2dShape>;

interface Pass {
  /** Within the tolerance of the self-test. */
  check: Check;
  /** Against the twin of factors in float16, within the tolerance of products in float32. */
  exact: Check;
  departures: Departures;
}

/** The factors as the shader rounds them. */
const halves = (values: ArrayLike<number>, scale = 1) => Float32Array.from(values, (v) => rounded(v * scale) / scale);

/** Sums of dy are not of rounded gradients. */
const withRounded =
  (check: Check, factors: Record<string, number>): Check =>
  (shape) => {
    const own = check(shape);
    return {
      ...own,
      twin: (inputs) => {
        const changed = { ...inputs };
        for (const [name, scale] of Object.entries(factors)) changed[name] = halves(inputs[name]!, scale);
        const { db: _, ...expected } = own.twin(changed);
        const { db } = own.twin(inputs);
        return { ...expected, ...(db && { db }) };
      },
    };
  };

const checks = matrixChecks();
const inFloat32 = matrixChecks(tolerances.conv2d_forward);

const passes: Record<string, Pass> = {
  conv2d_matrix_forward: {
    check: checks.forward,
    exact: withRounded(inFloat32.forward, { x: 1, w: 1 }),
    departures: { ...everywhere, ...few('channels'), ...pools, ...activations, ...filtersOfNoMultiple },
  },
  conv2d_matrix_backward_x: {
    check: checks.backwardX,
    exact: withRounded(inFloat32.backwardX, { w: 1, dy: gradientScale }),
    departures: { ...everywhere, ...few('filters'), ...inActivations, ...channelsOfNoMultiple },
  },
  conv2d_matrix_backward_w: {
    check: checks.backwardW,
    exact: withRounded(inFloat32.backwardW, { x: 1, dy: gradientScale }),
    departures: { ...everywhere, ...few('channels'), ...oneRow, ...pools, ...parts, ...filtersOfNoMultiple },
  },
};

/** More rows and columns than the largest tile. */
const wide: Partial<Convolution> = { size: [13, 12], channels: 36, filters: 132, kernelSize: [1, 1] };

describe.each(Object.entries(emulatedMatrices))('matrices of %s', (name, matrix) => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await openGpu({ gpu: emulatedGpu(matrix), tensorCores: true });
  });
  afterAll(() => gpu.dispose());

  test('the device has them', () => expect(gpu.traits.subgroupMatrix).toEqual(matrix));
  const [first] = Object.keys(emulatedMatrices);

  describe.each(Object.entries(passes))('%s', (_, { check, exact, departures }) => {
    test('all variants', async () => {
      await checkKernel(gpu, exact(convolution({ ...control, size: [7, 6], filters: 68, channels: 68 })));
    });

    // Their sizes decide how the shapes below are divided, but not how they are loaded and stored.
    const shapes = name === first ? Object.entries(departures) : [];
    test.each(shapes.map(([what, departure], i) => [what, departure, i] as const))('%s', (_, departure, i) =>
      checkKernel(gpu, exact(convolution({ ...control, ...departure })), { pick: i }),
    );

    test('within the tolerance of the self-test', async () => {
      await checkKernel(gpu, check(convolution(control)), { pick: 0 });
    });

    test('random shapes', async () => {
      const property = fc.asyncProperty(randomShapes, fc.nat(1000), (shape, seed) =>
        checkKernel(gpu, exact(shape), { seed, pick: seed }),
      );
      await fc.assert(property, { seed: 1, numRuns: 6 });
    });

    test('dense layers', async () => {
      for (const [i, layer] of denseLayers.entries()) await checkKernel(gpu, exact(asConvolution(layer)), { pick: i });
    });

    test('several of the largest tiles', async () => {
      await checkKernel(gpu, exact(convolution({ ...control, ...wide })), { pick: 0 });
    });
  });
});
