import type { ProbeRecord } from '../../index.ts';
import { putPixels } from '../ui/dom.ts';
import { rampColor } from './ramp.ts';

/** The bins of a ProbeRecord's `exponents`: their number, and the first bin's power of two. */
export const binCount = 64;
export const firstExponent = -48;

/** Fraction of a gradient's elements from which a bin has the lightest color: few distributions are narrower. */
const lightest = 0.25;

/**
 * Paints the histograms of a layer's gradient from left to right, with large magnitudes at the top and each bin's fraction of
 * elements as a color. The color is proportional to the square root of the fraction, because vanishing first shows in the tails.
 *
 * @param canvas one pixel high per bin. @param room number of steps in its width. @param every steps between two probes.
 */
export function paintExponents(
  canvas: HTMLCanvasElement,
  probes: readonly ProbeRecord[],
  layer: string,
  room: number,
  every: number,
): void {
  const { width } = canvas;
  const image = new ImageData(width, binCount);
  const pixels = new Uint32Array(image.data.buffer);
  const columnOf = (step: number) => Math.floor(((step - 1) / room) * width);
  for (const [i, { step, layers }] of probes.entries()) {
    const { exponents, zeros } = layers[layer]!;
    const elements = exponents.reduce((sum, it) => sum + it, zeros);
    const begin = Math.max(0, columnOf(step));
    const end = Math.min(width, Math.max(begin + 1, columnOf(probes[i + 1]?.step ?? step + every)));
    for (const [bin, found] of exponents.entries()) {
      if (!found) continue;
      const color = rampColor(Math.sqrt(found / elements / lightest));
      pixels.fill(color, (binCount - 1 - bin) * width + begin, (binCount - 1 - bin) * width + end);
    }
  }
  putPixels(canvas, image);
}
