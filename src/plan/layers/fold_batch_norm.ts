import { batchNormFold } from '../../kernels/batch_norm.ts';
import type { LayerParts, LoweringContext } from '../lowering.ts';
import type { BufferRef } from '../planner.ts';

/** For inference: weights and bias of a layer multiplied by the normalization that follows it. */
export function foldBatchNorm(
  context: LoweringContext,
  { layer, tensors, statistics }: NonNullable<LayerParts['norm']>,
  { rows, channels, w, bias }: { rows: number; channels: number; w: BufferRef; bias: BufferRef | undefined },
): { buffers: { w: BufferRef; b: BufferRef }; useBias: boolean } {
  const { epsilon, scale, center } = layer.config;
  const folded = { w: context.scratch('w_folded', rows * channels), b: context.scratch('b_folded', channels) };
  context.forward(
    batchNormFold,
    { rows, channels, epsilon, useBias: bias !== undefined, scale, center },
    {
      w,
      statistics: statistics.moving,
      w_folded: folded.w,
      b_folded: folded.b,
      ...(bias && { b: bias }),
      ...(scale && { gamma: tensors.gamma!.w }),
      ...(center && { beta: tensors.beta!.w }),
    },
  );
  return { buffers: folded, useBias: true };
}
