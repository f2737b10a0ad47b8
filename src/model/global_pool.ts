import * as v from 'valibot';
import { needImage } from './layer.ts';

/** The output is [1, 1, channels], not [channels]. */
export const keepdims = v.optional(v.boolean(), false);

/** The shape of one number for each channel. */
export function compileGlobalPool(
  { keepdims }: { keepdims: boolean },
  [shape]: readonly (readonly number[])[],
  subject: string,
): { outputShape: number[]; details: { pixels: number } } {
  const [height, width, channels] = needImage(subject, shape!);
  return { outputShape: keepdims ? [1, 1, channels] : [channels], details: { pixels: height * width } };
}
