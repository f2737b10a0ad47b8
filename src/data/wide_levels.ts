import { counted, figure } from '../figures.ts';
import type { PictureLevels } from '../image_source.ts';
import type { WidePixels } from './wide_png.ts';

/** Collects the range of levels over all 16-bit pictures of a data set. */
export class WideLevels {
  private pictures = 0;
  private least = Infinity;
  private most = Number.NEGATIVE_INFINITY;

  add({ rgba }: WidePixels): void {
    this.pictures++;
    for (let at = 0; at < rgba.length; at += 4) {
      if (rgba[at + 3] === 0) continue; // Transparent pixels have no color.
      for (let c = at; c < at + 3; c++) {
        if (rgba[c]! < this.least) this.least = rgba[c]!;
        if (rgba[c]! > this.most) this.most = rgba[c]!;
      }
    }
  }

  /** The range that the pictures are stretched from; undefined where there are none. */
  get levels(): PictureLevels | undefined {
    return this.most >= 0 ? { from: this.least, to: this.most } : undefined;
  }

  /** Notes for the report, worded as for 16-bit arrays. */
  notes(stretch: boolean | undefined): string[] {
    if (this.most < 0) return [];
    const range = `${counted(this.pictures, '16-bit picture')}: values from ${figure(this.least)} to ${figure(this.most)}`;
    if (stretch) return [`${range}, stretched over 0 to 255, as requested`];
    const part = this.most < 32768 ? `, ${Math.ceil(Math.log2(this.most + 1))} bits of 16; they can be stretched` : '';
    return [`${range}: 65535 became 255${part}`];
  }
}

/** Converts to 8 bits: maps the range linearly to 0 to 255. */
export function imageDataOf({ width, height, rgba }: WidePixels, { from, to }: PictureLevels): ImageData {
  const factor = to > from ? 255 / (to - from) : 0;
  const data = new Uint8ClampedArray(rgba.length);
  for (let at = 0; at < rgba.length; at++) data[at] = at % 4 === 3 ? rgba[at]! / 257 : (rgba[at]! - from) * factor;
  return new ImageData(data, width, height);
}
