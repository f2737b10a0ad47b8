import type { DispatchProfile } from './profile.ts';

/** The most that an adapter does, measured on it. */
export interface Ceilings {
  /** Multiply-adds from registers alone, in billions of floating-point operations a second. */
  gflops: number;
  /** Copying memory, in billions of bytes read and written a second. */
  gbps: number;
}

/**
 * The share of the roofline that some work reaches: the time that its arithmetic or its memory traffic takes at the
 * adapter's ceilings, whichever is longer, over the time that it took. More than 1 where what it moves lies in a cache.
 * Source: Williams, Waterman, Patterson, Roofline, CACM 52(4), 2009.
 */
export function rooflineShare(
  { flops, bytes, microseconds }: Pick<DispatchProfile, 'flops' | 'bytes' | 'microseconds'>,
  { gflops, gbps }: Ceilings,
): number {
  const least = Math.max(flops / gflops, bytes / gbps) / 1000;
  return microseconds ? least / microseconds : 0;
}
