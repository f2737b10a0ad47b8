import type { DispatchProfile } from './profile.ts';

/** Peak rates measured on an adapter. */
export interface Ceilings {
  /** Multiply-adds from registers only, in GFLOP/s. */
  gflops: number;
  /** Memory copy, bytes read plus bytes written, in GB/s. */
  gbps: number;
}

/**
 * Fraction of the roofline that a kernel reaches: the time its arithmetic or its memory traffic would take at the adapter's
 * peak rates, whichever is longer, divided by the measured time. It can exceed 1 if the data stays in a cache. Source:
 * Williams, Waterman, Patterson, Roofline, CACM 52(4), 2009.
 */
export function rooflineShare(
  { flops, bytes, microseconds }: Pick<DispatchProfile, 'flops' | 'bytes' | 'microseconds'>,
  { gflops, gbps }: Ceilings,
): number {
  const least = Math.max(flops / gflops, bytes / gbps) / 1000;
  return microseconds ? least / microseconds : 0;
}
