import * as v from 'valibot';
import { needImage } from './layer.ts';

/** If true, the output is [1, 1, channels] instead of [channels]. */
export const keepdims = v.optional(v.boolean(), false);

/** The output shape of a global pool: one number per channel. */
export function compileGlobalPool(
  { keepdims }: { keepdims: boolean },
  [shape]: readonly (readonly number[])[],
  subject: string,
): { outputShape: number[]; details: { pixels: number } } {
  const [height, width, channels] = needImage(subject, shape!);
  return { outputShape: keepdims ? [1, 1, channels] : [channels], details: { pixels: height * width } };
}
