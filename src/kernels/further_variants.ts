import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import {
  type Conv2dShape,
  conv2dBackwardW,
  conv2dBackwardWNarrow,
  conv2dBackwardX,
  conv2dForward,
  fitsWinograd,
} from './conv2d.ts';
import { conv2dRowsBackwardX, conv2dRowsForward } from './conv2d_row_tiles.ts';
import {
  conv2dWinogradBackwardW,
  conv2dWinogradBackwardX,
  conv2dWinogradForward,
  readsPooledGradient,
} from './conv2d_winograd.ts';
import { denseBackwardW, denseBackwardWNarrow, denseBackwardX, denseForward } from './dense.ts';
import { matrixKernels } from './subgroup_matrix.ts';
import {
  conv2dSplitBackwardX,
  conv2dSplitForward,
  conv2dTiledBackwardW,
  conv2dTiledBackwardX,
  conv2dTiledForward,
  fitsTiles,
} from './workgroup_tiles.ts';

export { requireVariant } from '../gpu/require_variant.ts';

/** A kernel that computes the same as another one, with the same bindings and constants. */
interface Alternative {
  /** A parameter name that only its variants have. */
  mark: string;
  kernel: Kernel<Conv2dShape>;
  /** Whether its variants are worth trying. */
  fits: (s: Conv2dShape) => boolean;
}

/** A kernel with the variants of its alternatives after its own, except that the one it is upgraded to comes first. */
function extended(kernel: Kernel<Conv2dShape>, ...alternatives: Alternative[]): Kernel<Conv2dShape> {
  const of = (v: Variant) => alternatives.find(({ mark }) => mark in v)?.kernel ?? kernel;
  return {
    ...kernel,
    source: (s, v) => {
      const { source } = of(v);
      return typeof source === 'string' ? source : source(s, v);
    },
    variants: (s, traits) => {
      const own = kernel.variants!(s, traits);
      const further = alternatives.flatMap(({ kernel, fits }) => (fits(s) ? kernel.variants!(s, traits) : []));
      const upgrade = kernel.upgrades?.(s, traits) ? further.splice(0, 1) : [];
      return [...upgrade, ...own, ...further];
    },
    flags: (s, v) => of(v).flags!(s, v),
    constants: (s, v) => of(v).constants!(s, v),
    workgroups: (s, v) => of(v).workgroups(s, v),
  };
}

/** Its variants are listed only for llvmpipe, where long runs change to them. */
const rows = (kernel: Kernel<Conv2dShape>): Alternative => ({ mark: 'rowTile', kernel, fits: fitsWinograd });

const winograd = (kernel: Kernel<Conv2dShape>): Alternative => ({ mark: 'winograd', kernel, fits: fitsWinograd });

/** Only listed for a device that was opened with tensor cores. The page never opens one, and is built without these kernels. */
const onTensorCores = (pass: 'forward' | 'backwardX' | 'backwardW'): Alternative[] =>
  matrixKernels ? [{ mark: 'subgroupMatrix', kernel: matrixKernels[pass], fits: fitsTiles[pass] }] : [];

const forward: Alternative[] = [
  { mark: 'workgroupTile', kernel: conv2dTiledForward, fits: fitsTiles.forward },
  { mark: 'splitSum', kernel: conv2dSplitForward, fits: fitsTiles.splitForward },
  ...onTensorCores('forward'),
];
const backwardX: Alternative[] = [
  { mark: 'workgroupTile', kernel: conv2dTiledBackwardX, fits: fitsTiles.backwardX },
  { mark: 'splitSum', kernel: conv2dSplitBackwardX, fits: fitsTiles.splitBackwardX },
  ...onTensorCores('backwardX'),
];
const backwardW: Alternative[] = [
  { mark: 'workgroupTile', kernel: conv2dTiledBackwardW, fits: fitsTiles.backwardW },
  ...onTensorCores('backwardW'),
];

const kernels = new Map(
  [
    extended(conv2dForward, rows(conv2dRowsForward), winograd(conv2dWinogradForward), ...forward),
    extended(conv2dBackwardX, rows(conv2dRowsBackwardX), winograd(conv2dWinogradBackwardX), ...backwardX),
    extended(conv2dBackwardW, winograd(conv2dWinogradBackwardW), ...backwardW),
    extended(conv2dBackwardWNarrow, ...backwardW),
    extended(denseForward, ...forward),
    extended(denseBackwardX, ...backwardX),
    extended(denseBackwardW, ...backwardW),
    extended(denseBackwardWNarrow, ...backwardW),
  ].map((kernel) => [kernel.name, kernel]),
);

/**
 * A kernel with the variants that only the tuner, a run with chosen variants, and measurements need, if there are any: Winograd's algorithm,
 * tiles in workgroup memory, split sums and, on a device that was opened with them, tensor cores. The variant that long runs use by default is listed first.
 */
export const withFurtherVariants = <S>(kernel: Kernel<S>): Kernel<S> =>
  (kernels.get(kernel.name) as Kernel<S> | undefined) ?? kernel;

/**
 * The kernel and shape that replace a kernel in a long run, in their first variant. `pooledGradient` is set in the shape if it reads the
 * gradient of a pool's output.
 *
 * @param pooled true if that gradient is available.
 */
export function upgradeOf<S extends object>(
  kernel: Kernel<S>,
  shape: S,
  traits: Traits,
  pooled: boolean,
): { kernel: Kernel<S>; shape: S & { pooledGradient?: true } } {
  const faster = withFurtherVariants(kernel);
  const usesWinograd = faster.variants!(shape, traits)[0]!.winograd === true;
  if (!pooled || !usesWinograd || !readsPooledGradient(shape as unknown as Conv2dShape))
    return { kernel: faster, shape };
  const { name } = kernel;
  const ofPool = { ...conv2dWinogradBackwardX, name } as unknown as Kernel<S>;
  return { kernel: ofPool, shape: { ...shape, pooledGradient: true } };
}
