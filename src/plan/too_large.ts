import { ConfigurationError } from '../errors.ts';
import { mebibytes } from '../gpu/memory.ts';
import type { Slot } from './liveness.ts';

/** The error for a model that does not fit into the adapter's memory. @param at index of the first slot for which there was no memory. */
export function tooLarge(slots: readonly Slot[], at: number): ConfigurationError {
  const bytesOf = (some: readonly Slot[]) => some.reduce((sum, { size }) => sum + size, 0);
  const labelOf = ({ buffers, size }: Slot) => {
    const [first] = [...buffers].sort((a, b) => b.size - a.size);
    return `${first!.label} ${mebibytes(size)}`;
  };
  const largest = [...slots].sort((a, b) => b.size - a.size).slice(0, 3);
  return new ConfigurationError({
    what: 'The model needs more memory than this adapter has',
    found: `${mebibytes(bytesOf(slots))}, the most of it for ${largest.map(labelOf).join(', ')}`,
    expected: `at most about ${mebibytes(bytesOf(slots.slice(0, at)))}: the next ${mebibytes(slots[at]!.size)} were refused`,
    fix: 'use a smaller batchSize, smaller images or a smaller model, or close other programs that use the GPU',
  });
}

/** The error for a `memoryBudget` that the network alone exceeds. @param networkBytes without data sets. */
export const overBudget = (memoryBudget: number, networkBytes: number, batchSize: number): ConfigurationError =>
  new ConfigurationError({
    what: 'The network alone needs more GPU memory than memoryBudget allows',
    found: `${mebibytes(networkBytes)} for weights, gradients and a batch of ${batchSize}`,
    expected: `less than ${mebibytes(memoryBudget)}`,
    fix: 'raise memoryBudget, or use a smaller batchSize or a smaller model',
    place: ['memoryBudget'],
  });
