import fc from 'fast-check';
import { afterAll, describe, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { DenseShape } from '../../src/kernels/dense.ts';
import { checkKernel } from '../../src/selftest/kernels/check_kernel.ts';
import {
  checkDenseBackwardW,
  checkDenseBackwardWNarrow,
  checkDenseBackwardX,
  checkDenseForward,
  fitsDenseBackwardW,
} from '../../src/selftest/kernels/dense_checks.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

// The shaders are the convolutions', so their tests of tiles and activations need not be repeated.
const control: DenseShape = {
  batch: 10,
  inputs: 20,
  outputs: 24,
  useBias: true,
  activation: 'linear',
  inActivation: 'linear',
};

type Departures = Record<string, Partial<DenseShape>>;

const everywhere: Departures = {
  'the control': {},
  'one sample': { batch: 1 },
  'one of everything': { batch: 1, inputs: 1, outputs: 1 },
  'one past a tile': { batch: 9, inputs: 9, outputs: 17 },
  'neither of a multiple of four': { inputs: 5, outputs: 3 },
  'a long sum': { batch: 3, inputs: 1600, outputs: 8 },
};

const activations: Departures = {
  'no bias': { useBias: false },
  relu: { activation: 'relu' },
  tanh: { activation: 'tanh' },
  elu: { activation: 'elu' },
  'leakyRelu with its own slope': { activation: { name: 'leakyRelu', negativeSlope: 0.1 } },
};

const inActivations: Departures = {
  'relu made x': { inActivation: 'relu' },
  'elu made x': { inActivation: 'elu' },
  'leakyRelu with its own slope made x': { inActivation: { name: 'leakyRelu', negativeSlope: 0.1 } },
  'sigmoid made x, inputs of no multiple of four': { inActivation: 'sigmoid', inputs: 7 },
};

const activation = fc.constantFrom('linear' as const, 'relu' as const, 'tanh' as const, 'sigmoid' as const);
const anyDense = fc.record({
  batch: fc.integer({ min: 1, max: 40 }),
  inputs: fc.integer({ min: 1, max: 70 }),
  outputs: fc.integer({ min: 1, max: 40 }),
  useBias: fc.boolean(),
  activation,
  inActivation: activation,
});

const always = () => true;
const passes = {
  dense_forward: { check: checkDenseForward, fits: always, departures: { ...everywhere, ...activations } },
  dense_backward_w: { check: checkDenseBackwardW, fits: fitsDenseBackwardW, departures: everywhere },
  dense_backward_w_narrow: { check: checkDenseBackwardWNarrow, fits: always, departures: everywhere },
  dense_backward_x: { check: checkDenseBackwardX, fits: always, departures: { ...everywhere, ...inActivations } },
};

describe.each(Object.entries(passes))('%s', (_, { check, fits, departures }) => {
  const shapes = Object.entries(departures)
    .map(([title, departure]) => [title, { ...control, ...departure }] as const)
    .filter(([, shape]) => fits(shape));

  test.each(shapes)('%s', (_, shape) => checkKernel(gpu, check(shape)));

  test('random shapes', async () => {
    const property = fc.asyncProperty(anyDense.filter(fits), fc.nat(1000), (shape, seed) =>
      checkKernel(gpu, check(shape), { seed, pick: seed }),
    );
    await fc.assert(property, { seed: 1, numRuns: 6 });
  });
});
