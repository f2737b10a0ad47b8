import { type GatherRowsShape, gatherRows } from '../../augment/kernels/augment.ts';
import { type KernelCheck, sameFloats } from './check_kernel.ts';

/** Gathers rows in arbitrary order, some of them twice. */
export const checkGatherRows = (shape: GatherRowsShape): KernelCheck<GatherRowsShape> => ({
  kernel: gatherRows,
  shape,
  given: { sources: Uint32Array.from({ length: shape.slots }, (_, n) => (7 * n + 3) % shape.rows) },
  twin: ({ x, sources }) => ({
    y: sameFloats(
      Array.from(sources!).flatMap((row) => Array.from(x!).slice(row * shape.width, (row + 1) * shape.width)),
    ),
  }),
});
