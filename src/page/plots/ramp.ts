import { element, putPixels } from '../ui/dom.ts';

/** A color as a canvas' ImageData has it in a Uint32Array, on the little-endian machines there are. */
export const packed = (red: number, green: number, blue: number): number =>
  ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** So many colors from end to end. */
export const fine = 256;

/** Colors between some that are given as 0xrrggbb, at equal distances. */
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
 * Matplotlib's viridis (https://bids.github.io/colormap, CC0) at nine places: as light rises from end to end, it reads in grey
 * and to eyes that don't tell red from green.
 */
export const viridis = colorTable([
  0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725,
]);

/** The color of a share, 0 for the darkest and 1 for the lightest; what lies beyond gets the end's. */
export const rampColor = (share: number): number =>
  viridis[Math.max(0, Math.min(fine - 1, Math.round(share * (fine - 1))))]!;

/** A table of colors from left to right, for a legend. Its style is the page's. */
export function rampPicture(table: Uint32Array): HTMLCanvasElement {
  const canvas = element('canvas', { width: String(fine), height: '1' });
  const image = new ImageData(fine, 1);
  new Uint32Array(image.data.buffer).set(table);
  putPixels(canvas, image);
  return canvas;
}

/** Powers of ten that the ramp goes over at the least: what a healthy network has lies in the middle of them. */
const leastDecades = [-5, 3] as const;
/** And at the most: one step out of bounds must not make all others look alike. */
const mostDecades = [-12, 12] as const;

/** Powers of ten at the ends of the ramp: wider than usual where a value lies beyond. */
export function decadesFor(least: number, most: number): [from: number, to: number] {
  if (!(least <= most)) return [...leastDecades];
  const from = Math.max(mostDecades[0], Math.min(leastDecades[0], Math.floor(Math.log10(least))));
  const to = Math.min(mostDecades[1], Math.max(leastDecades[1], Math.ceil(Math.log10(most))));
  return [from, to];
}
