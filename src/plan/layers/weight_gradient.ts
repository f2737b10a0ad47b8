import type { Kernel } from '../../gpu/kernel.ts';
import { sumParts } from '../../kernels/step.ts';
import type { LoweringContext } from '../lowering.ts';
import type { BufferRef } from '../planner.ts';
import { furtherLayers } from './loaded.ts';

interface FilterGradient {
  /** What the kernel reads, by its bindings. */
  inputs: Record<string, BufferRef>;
  /** Elements of dw and db. */
  weights: number;
  biases: number;
  /** The tensor of the layer that dw belongs to; a bias goes with it. */
  kernel: string;
  /** The kernel has no bias of the layer's beside it. */
  withoutBias?: boolean;
}

/**
 * The gradients of a kernel and its bias: in parts, which another dispatch adds up, where the batch's sum is cut. Nothing is
 * computed for a layer that isn't trained.
 */
export function planFilterGradient<S extends { parts: number }>(
  context: LoweringContext,
  kernel: Kernel<S>,
  shape: S,
  { inputs, weights, biases, kernel: name, withoutBias }: FilterGradient,
): void {
  const dw = context.tensor(name)?.dw;
  if (!dw) return;
  // A layer without a bias gets memory that nobody reads.
  const db = (withoutBias ? undefined : context.tensor('bias')?.dw) ?? context.scratch('no_bias', biases);
  const { parts } = shape;
  if (parts === 1) {
    context.backward(kernel, shape, { ...inputs, dw, db });
    return;
  }
  const dwParts = context.scratch('dw_parts', parts * weights);
  const dbParts = context.scratch('db_parts', parts * biases);
  context.backward(kernel, shape, { ...inputs, dw: dwParts, db: dbParts });
  context.backward(sumParts, { parts, weights, biases }, { dw_parts: dwParts, db_parts: dbParts, dw, db });
}

/** Weights and bias of a layer as its forward kernel takes them: in inference a normalization may be folded into them. */
export function foldNorm(
  context: LoweringContext,
  { rows, channels, kernel = 'kernel' }: { rows: number; channels: number; kernel?: string },
): { w: BufferRef; b: BufferRef; useBias: boolean } {
  const w = context.tensor(kernel)!.w;
  const bias = context.tensor('bias')?.w;
  const { norm } = context;
  // A layer without a bias gets memory that nobody reads.
  if (!norm) return { w, b: bias ?? context.unread(channels), useBias: bias !== undefined };
  return furtherLayers().foldBatchNorm(context, norm, { rows, channels, w, bias });
}
