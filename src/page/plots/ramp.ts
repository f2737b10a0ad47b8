import { element, putPixels } from '../ui/dom.ts';

/** A color as in the Uint32Array of a canvas's ImageData, on little-endian machines (all that run browsers). */
export const packed = (red: number, green: number, blue: number): number =>
  ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** Number of colors in a table. */
export const fine = 256;

/** Interpolates between colors given as 0xrrggbb at equal distances. */
export const colorTable = (stops: readonly number[]): Uint32Array =>
  Uint32Array.from({ length: fine }, (_, i) => {
    const place = (i / (fine - 1)) * (stops.length - 1);
    const first = Math.min(Math.floor(place), stops.length - 2);
    const channel = (shift: number) => {
      const [a, b] = [stops[first]!, stops[first + 1]!].map((color) => (color >> shift) & 255) as [number, number];
      return Math.round(a + (b - a) * (place - first));
    };
    return packed(channel(16), channel(8), channel(0));
  });

/**
 * Nine colors of Matplotlib's viridis (https://bids.github.io/colormap, CC0): its lightness increases monotonically, so it is
 * readable in gray and by people with color blindness.
 */
export const viridis = colorTable([
  0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725,
]);

/** The color of a value from 0, the darkest, to 1, the lightest; values beyond are clamped. */
export const rampColor = (share: number): number =>
  viridis[Math.max(0, Math.min(fine - 1, Math.round(share * (fine - 1))))]!;

/** Draws a table of colors from left to right, for a legend. The page's style sets its size. */
export function rampPicture(table: Uint32Array): HTMLCanvasElement {
  const canvas = element('canvas', { width: String(fine), height: '1' });
  const image = new ImageData(fine, 1);
  new Uint32Array(image.data.buffer).set(table);
  putPixels(canvas, image);
  return canvas;
}

/** Minimum range of the ramp in powers of ten: values of healthy networks are in the middle. */
const leastDecades = [-5, 3] as const;
/** Maximum range: a single extreme step must not make all others look the same. */
const mostDecades = [-12, 12] as const;

/** Powers of ten at the ends of the ramp: wider than the minimum if values are beyond it. */
export function decadesFor(least: number, most: number): [from: number, to: number] {
  if (!(least <= most)) return [...leastDecades];
  const from = Math.max(mostDecades[0], Math.min(leastDecades[0], Math.floor(Math.log10(least))));
  const to = Math.min(mostDecades[1], Math.max(leastDecades[1], Math.ceil(Math.log10(most))));
  return [from, to];
}
