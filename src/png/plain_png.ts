import { pngHead } from './png_head.ts';
import { chunksOf, type PngChunks, samplesOf, unfilter, unpackedRows } from './png_parts.ts';

/** Red, green and blue of each pixel. */
export interface PlainPixels {
  width: number;
  height: number;
  rgb: Uint8Array;
}

/** Chunks that affect neither the pixels nor the orientation of the picture. Colors are kept as stored, as browsers keep them here. */
const harmless = '( (?:gAMA|cHRM|sRGB|iCCP|sBIT|pHYs|[tzi][ET]Xt|tIME|bKGD|hIST))*';
const usual = new RegExp(`^IHDR${harmless}( PLTE)?${harmless}( IDAT)+${harmless} IEND$`);
/** A PNG with the size of the images has only a few chunks. A file with more chunks is left to the browser. */
const mostChunks = 500;

/**
 * Decodes a PNG with at most 8 bits per sample to the same pixels as a browser. For small pictures this is many times faster than using the
 * browser for each.
 *
 * @returns undefined for a picture that should be left to the browser: one that is interlaced, animated, transparent, rotated by EXIF,
 *   unusual or damaged.
 */
export function decodePlainPng(bytes: Uint8Array): PlainPixels | undefined {
  if (!pngHead(bytes)) return undefined;
  try {
    const chunks = chunksOf(bytes);
    return isPlain(chunks) ? decoded(chunks) : undefined;
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}

function isPlain({ header: { depth, color, isInterlaced }, types, palette }: PngChunks): boolean {
  const isDepth = color === 0 || color === 3 ? [1, 2, 4, 8].includes(depth) : depth === 8;
  const hasColors = color !== 3 || (palette !== undefined && palette.length > 0 && palette.length % 3 === 0);
  const isUsual = types.length <= mostChunks && usual.test(types.join(' '));
  return color in samplesOf && isDepth && !isInterlaced && hasColors && isUsual;
}

function decoded({ header: { width, height, depth, color }, packed, palette }: PngChunks): PlainPixels | undefined {
  const samples = samplesOf[color]!;
  const rowBytes = 1 + Math.ceil((width * samples * depth) / 8);
  const rows = unpackedRows(packed, rowBytes * height);
  unfilter(rows, rowBytes, Math.max(1, (samples * depth) / 8));
  const rgb = new Uint8Array(3 * width * height);
  const most = 2 ** depth - 1;
  let to = 0;
  for (let row = 0; row < height; row++) {
    const begin = row * rowBytes + 1;
    for (let column = 0; column < width; column++) {
      const bit = column * samples * depth;
      const at = begin + (bit >> 3);
      const isTransparent = samples % 2 === 0 && rows[at + samples - 1] !== 255;
      const sample = (rows[at]! >> (8 - depth - (bit & 7))) & most;
      if (isTransparent || (color === 3 && 3 * sample >= palette!.length)) return undefined;
      for (let c = 0; c < 3; c++) {
        rgb[to++] = color === 3 ? palette![3 * sample + c]! : samples > 2 ? rows[at + c]! : (255 / most) * sample;
      }
    }
  }
  return { width, height, rgb };
}
