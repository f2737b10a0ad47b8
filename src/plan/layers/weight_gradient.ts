import type { Kernel } from '../../gpu/kernel.ts';
import { sumParts } from '../../kernels/step.ts';
import type { LoweringContext } from '../lowering.ts';
import type { BufferRef } from '../planner.ts';
import { furtherLayers } from './loaded.ts';

interface FilterGradient {
  /** The buffers that the kernel reads, by the names of its bindings. */
  inputs: Record<string, BufferRef>;
  /** Elements of dw, and of db if there is one. */
  weights: number;
  biases: number;
  /** The layer's tensor that dw belongs to; the layer's bias is included if the shape has one. */
  kernel: string;
}

/**
 * The gradients of a kernel and its bias. If the sum over the batch is split, they are computed in parts that another dispatch
 * adds up. Nothing is computed for a frozen layer.
 */
export function planFilterGradient<S extends { parts: number; useBias: boolean }>(
  context: LoweringContext,
  kernel: Kernel<S>,
  shape: S,
  { inputs, weights, biases, kernel: name }: FilterGradient,
): void {
  const dw = context.tensor(name)?.dw;
  if (!dw) return;
  const db = shape.useBias ? context.tensor('bias')!.dw! : undefined;
  const { parts } = shape;
  if (parts === 1) {
    context.backward(kernel, shape, { ...inputs, dw, ...(db && { db }) });
    return;
  }
  const dwParts = context.scratch('dw_parts', parts * weights);
  const dbParts = db && context.scratch('db_parts', parts * biases);
  context.backward(kernel, shape, { ...inputs, dw: dwParts, ...(dbParts && { db: dbParts }) });
  context.backward(
    sumParts,
    { parts, weights, biases: db ? biases : 0 },
    { dw_parts: dwParts, dw, ...(db && { db_parts: dbParts!, db }) },
  );
}

/** Weights and bias for a layer's forward kernel; in inference a normalization may be folded into them. */
export function foldNorm(
  context: LoweringContext,
  { rows, channels, kernel = 'kernel' }: { rows: number; channels: number; kernel?: string },
): { buffers: { w: BufferRef; b?: BufferRef }; useBias: boolean } {
  const w = context.tensor(kernel)!.w;
  const bias = context.tensor('bias')?.w;
  const { norm } = context;
  if (!norm) return { buffers: { w, ...(bias && { b: bias }) }, useBias: bias !== undefined };
  return furtherLayers().foldBatchNorm(context, norm, { rows, channels, w, bias });
}
