import type { Kernel } from '../../gpu/kernel.ts';
import { sumParts } from '../../kernels/step.ts';
import type { LoweringContext } from '../lowering.ts';
import type { BufferRef } from '../planner.ts';

/**
 * The gradients of gamma and beta, one value per channel. If the rows are split into chunks, they are computed in parts that
 * another dispatch adds up.
 */
export function planNormSums<S extends { chunks: number; channels: number }>(
  context: LoweringContext,
  kernel: Kernel<S>,
  shape: S,
  buffers: Record<string, BufferRef> & { dgamma: BufferRef; dbeta: BufferRef },
): void {
  const { chunks, channels } = shape;
  const parts = chunks > 1 && {
    dgamma: context.scratch('dgamma_parts', chunks * channels),
    dbeta: context.scratch('dbeta_parts', chunks * channels),
  };
  context.backward(kernel, shape, { ...buffers, ...parts });
  if (!parts) return;
  context.backward(
    sumParts,
    { parts: chunks, weights: channels, biases: channels },
    { dw_parts: parts.dgamma, db_parts: parts.dbeta, dw: buffers.dgamma, db: buffers.dbeta },
  );
}
