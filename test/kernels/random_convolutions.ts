import fc from 'fast-check';
import type { Conv2dShape } from '../../src/kernels/conv2d.ts';
import { convolution } from '../../src/selftest/kernels/shapes.ts';

/** The largest sizes of random convolutions. */
interface Most {
  batch: number;
  /** Of an image's height and width. */
  side: number;
  channels: number;
  filters: number;
  /** Of the kernel's height and width. */
  kernel: number;
}

/** Any convolution up to these sizes that a model can contain. */
export function randomConvolutions(most: Most): fc.Arbitrary<Conv2dShape> {
  const upTo = (max: number) => fc.integer({ min: 1, max });
  const pair = (max: number) => fc.tuple(upTo(max), upTo(max));
  return (
    fc
      .record({
        batch: upTo(most.batch),
        size: pair(most.side),
        channels: upTo(most.channels),
        filters: upTo(most.filters),
        kernelSize: pair(most.kernel),
        strides: pair(3),
        dilation: pair(2),
        padding: fc.constantFrom('valid' as const, 'same' as const),
        useBias: fc.boolean(),
        activation: fc.constantFrom('linear' as const, 'relu' as const, 'tanh' as const, 'sigmoid' as const),
        inActivation: fc.constantFrom('linear' as const, 'relu' as const, 'tanh' as const, 'sigmoid' as const),
        pooled: fc.boolean(),
        parts: upTo(4),
      })
      // A smaller image can fall between the elements of a dilated kernel, which then reads none of it.
      .filter((c) => c.size[0] >= c.dilation[0] && c.size[1] >= c.dilation[1])
      .map((c) => {
        const shape = convolution({ ...c, parts: Math.min(c.parts, c.batch) });
        const poolable = c.filters % 4 === 0 && shape.outHeight > 1 && shape.outWidth > 1;
        return { ...shape, pooled: c.pooled && poolable };
      })
      .filter((s) => s.outHeight > 0 && s.outWidth > 0)
  );
}
