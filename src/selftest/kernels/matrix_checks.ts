import type { Conv2dShape } from '../../kernels/conv2d.ts';
import { matrixKernels } from '../../kernels/subgroup_matrix.ts';
import { onTensorCores, type Tolerance } from '../tolerance.ts';
import type { KernelCheck } from './check_kernel.ts';
import { checkBackwardW, checkBackwardX, checkForward } from './conv2d_checks.ts';

type Shapes = readonly Conv2dShape[];

/** Checks of products on tensor cores, which run only on a device that was opened with them. */
export function matrixChecks(tolerance: Tolerance = onTensorCores) {
  const { forward, backwardX, backwardW } = matrixKernels!;
  return {
    forward: (shape: Conv2dShape) => checkForward(shape, forward, tolerance),
    backwardX: (shape: Conv2dShape) => checkBackwardX(shape, backwardX, tolerance),
    backwardW: (shape: Conv2dShape) => checkBackwardW(shape, backwardW, tolerance),
  };
}

/** The checks of the self-test. The page is built without them, because it never opens such a device. */
export function matrixCases(forwards: Shapes, backwardsX: Shapes, backwardsW: Shapes): KernelCheck<Conv2dShape>[] {
  const { forward, backwardX, backwardW } = matrixChecks();
  return [...forwards.map(forward), ...backwardsX.map(backwardX), ...backwardsW.map(backwardW)];
}
