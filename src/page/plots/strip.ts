import { putPixels } from '../ui/dom.ts';
import type { Curves } from './curves.ts';
import { type LogCurve, nonFiniteMark, zeroMark } from './layer_curves.ts';
import { packed } from './ramp.ts';

/** Patterns for steps without a logarithm, which no color of the ramp resembles. */
export type Pattern = 'zero' | 'not-finite';

const patterns: Record<Pattern, (x: number, y: number, scale: number) => number> = {
  // Thin stripes on medium gray.
  zero: (x, y, scale) => ((x + y) % (8 * scale) < 2 * scale ? packed(235, 235, 235) : packed(120, 120, 120)),
  // A coarse checkerboard of black and orange.
  'not-finite': (x, y, scale) =>
    (Math.floor(x / (4 * scale)) + Math.floor(y / (4 * scale))) % 2 ? packed(0, 0, 0) : packed(255, 130, 40),
};

/** Fills a canvas with a pattern, for a legend. */
export function paintPattern(canvas: HTMLCanvasElement, pattern: Pattern, scale: number): void {
  const { width, height } = canvas;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) pixels[y * width + x] = patterns[pattern](x, y, scale);
  putPixels(canvas, image);
}

/**
 * Paints a figure of a layer over the steps from left to right: the color of each pixel column is the mean logarithm of its steps.
 * A non-finite step always shows, instead of being averaged.
 *
 * @param room number of steps in the width. @param colorOf maps a mean to its color.
 * @param scale device pixels per CSS pixel.
 */
export function paintStrip(
  canvas: HTMLCanvasElement,
  curves: Curves,
  curve: LogCurve,
  { room, colorOf, scale }: { room: number; colorOf: (mean: number) => number; scale: number },
): void {
  const { width, height } = canvas;
  const { marks } = curve;
  const rows = marks.length;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let x = 0; x < width; x++) {
    const begin = curves.rowOf(1 + Math.floor((x * room) / width));
    if (begin >= rows) break;
    const end = Math.min(rows, Math.max(begin + 1, curves.rowOf(1 + Math.floor(((x + 1) * room) / width))));
    let mark = 0;
    for (let row = begin; row < end; row++) mark |= marks[row]!;
    const mean = curve.meanOf(begin, end);
    const pattern = mark & nonFiniteMark ? 'not-finite' : mean === null && mark & zeroMark ? 'zero' : undefined;
    const color = mean === null ? 0 : colorOf(mean);
    for (let y = 0; y < height; y++) pixels[y * width + x] = pattern ? patterns[pattern](x, y, scale) : color;
  }
  putPixels(canvas, image);
}
