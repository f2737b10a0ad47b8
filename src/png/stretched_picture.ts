import type { PictureLevels } from '../image_source.ts';
import { isWidePng, pngHeadBytes } from './png_head.ts';
import { decodeWidePng, type WidePixels } from './wide_png.ts';

/**
 * The pixels of a 16-bit PNG, stretched over 0 to 255; undefined for other pictures.
 *
 * @throws DOMException if the file is damaged or truncated.
 */
export async function stretchedPicture(file: Blob, levels: PictureLevels): Promise<ImageData | undefined> {
  const head = new Uint8Array(await file.slice(0, pngHeadBytes).arrayBuffer());
  return isWidePng(head) ? imageDataOf(decodeWidePng(new Uint8Array(await file.arrayBuffer())), levels) : undefined;
}

/** Converts to 8 bits: maps the range linearly to 0 to 255. */
function imageDataOf({ width, height, rgba }: WidePixels, { from, to }: PictureLevels): ImageData {
  const factor = to > from ? 255 / (to - from) : 0;
  const data = new Uint8ClampedArray(rgba.length);
  for (let at = 0; at < rgba.length; at++) data[at] = at % 4 === 3 ? rgba[at]! / 257 : (rgba[at]! - from) * factor;
  return new ImageData(data, width, height);
}
