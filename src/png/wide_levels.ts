import type { PictureLevels } from '../image_source.ts';
import type { WidePixels } from './wide_png.ts';

/** Collects the range of levels over all 16-bit pictures of a data set. */
export class WideLevels {
  /** Number of pictures. */
  pictures = 0;
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
}
