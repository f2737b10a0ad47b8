import copySource from '../../shaders/ceilings/copy_words.wgsl?raw';
import multiplyAddSource from '../../shaders/ceilings/multiply_add.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel } from '../gpu/kernel.ts';
import { ceilDiv } from './workgroups.ts';

/** Workgroups of 64 invocations, each of which runs `rounds` rounds of multiply-adds. */
export interface MultiplyAddShape {
  groups: number;
  rounds: number;
}

/** Arithmetic only, from registers. */
export const multiplyAdd: Kernel<MultiplyAddShape> = {
  name: 'multiply_add',
  source: multiplyAddSource,
  constants: ({ rounds }) => ({ rounds }),
  buffers: ({ groups }) => ({ coefficients: 8, y: 64 * groups * 4 }),
  workgroups: ({ groups }) => [groups],
  // Four vec4 per round, each a product and a sum.
  cost: ({ groups, rounds }) => ({ flops: 64 * groups * rounds * 4 * 4 * 2, bytes: 64 * groups * 16 }),
};

/** Memory traffic only. `copied` is a number of vec4s. */
export const copyWords: Kernel<{ copied: number }> = {
  name: 'copy_words',
  source: copySource,
  constants: ({ copied }) => ({ copied }),
  buffers: ({ copied }) => ({ x: 4 * copied, y: 4 * copied }),
  workgroups: ({ copied }) => [ceilDiv(copied, 64)],
  cost: ({ copied }) => ({ flops: 0, bytes: 32 * copied }),
};

/**
 * Shapes that keep an adapter busy just long enough to be timed: 0.5 GFLOP and 2 x 16 MiB take about 50 and 10 ms on two CPU
 * cores; 34 GFLOP take 0.6 ms at 60 TFLOP/s, and 2 x 62 MiB exceed the caches of large GPUs.
 */
export const ceilingShapes = ({ software }: Traits): { arithmetic: MultiplyAddShape; memory: { copied: number } } =>
  software
    ? { arithmetic: { groups: 1024, rounds: 256 }, memory: { copied: 2 ** 20 } }
    : { arithmetic: { groups: 8192, rounds: 2048 }, memory: { copied: 64 * 63_000 } };
