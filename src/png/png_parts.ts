import { unzlibSync } from 'fflate';
import { crc32 } from '../crc32.ts';
import { pngSignature } from './png_head.ts';

// The parts of a PNG (W3C's PNG specification, third edition) that both of its decoders here need.

/** The error that a browser throws for a picture that it cannot decode. */
export const broken = (what: string) => new DOMException(`The PNG cannot be decoded: ${what}`, 'EncodingError');

/** The fields of the header. */
export interface PngHeader {
  width: number;
  height: number;
  /** Bits per sample. */
  depth: number;
  color: number;
  isInterlaced: boolean;
}

export interface PngChunks {
  header: PngHeader;
  /** The parts of the compressed pixels. */
  packed: Uint8Array[];
  /** Colors of a picture with a palette. */
  palette: Uint8Array | undefined;
  transparency: Uint8Array | undefined;
  /** Types of all chunks, in order. */
  types: string[];
}

/** Samples per pixel by the color type: gray, color, palette, gray with alpha, color with alpha. */
export const samplesOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const mostPixels = 2 ** 28;

/** @throws DOMException if the file is damaged or truncated. */
export function chunksOf(bytes: Uint8Array): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packed: Uint8Array[] = [];
  const types: string[] = [];
  let header: Uint8Array | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  for (let at = pngSignature.length; ; ) {
    if (at + 12 > bytes.length) throw broken('its chunks');
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw broken('its chunks');
    const type = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!, bytes[at + 6]!, bytes[at + 7]!);
    const data = bytes.subarray(at + 8, end);
    if (/^[A-Z]/.test(type) && crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) throw broken('its chunks');
    types.push(type);
    if (type === 'IHDR' && length === 13) header ??= data;
    else if (type === 'IDAT') packed.push(data);
    else if (type === 'PLTE') palette ??= data;
    else if (type === 'tRNS') transparency = data;
    else if (type === 'IEND') break;
    at = end + 4;
  }
  if (!header || packed.length === 0) throw broken('its chunks');
  return { header: headerOf(header), packed, types, palette, transparency };
}

function headerOf(bytes: Uint8Array): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, color, compression, filtering, interlacing] = [...bytes.subarray(8)] as [
    number,
    number,
    number,
    number,
    number,
  ];
  // The specification defines one method of compression and one of filtering, both 0.
  const isKnown = compression === 0 && filtering === 0 && interlacing <= 1;
  if (!isKnown || width === 0 || height === 0 || width * height > mostPixels) throw broken('its header');
  return { width, height, depth, color, isInterlaced: interlacing === 1 };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Inflates the data of all chunks, whose size must match the header. */
export function unpackedRows(chunks: readonly Uint8Array[], size: number): Uint8Array {
  let data: Uint8Array;
  try {
    data = unzlibSync(joined(chunks), { out: new Uint8Array(size) });
  } catch {
    throw broken('its pixels');
  }
  if (data.length !== size) throw broken('its pixels');
  return data;
}

/**
 * Reverses the row filters: each row begins with its filter type, which predicts bytes from the left, from above, or from both.
 *
 * @param rowBytes length of a row with the byte for its filter. @param pixelBytes distance to the byte on the left.
 */
export function unfilter(data: Uint8Array, rowBytes: number, pixelBytes: number): void {
  for (let begin = 0; begin < data.length; begin += rowBytes) {
    const filter = data[begin]!;
    if (filter > 4) throw broken('its pixels');
    const [row, end] = [begin + 1, begin + rowBytes];
    const isFirstRow = begin === 0;
    if (filter === 1) {
      for (let at = row + pixelBytes; at < end; at++) data[at]! += data[at - pixelBytes]!;
    } else if (filter === 2) {
      if (!isFirstRow) for (let at = row; at < end; at++) data[at]! += data[at - rowBytes]!;
    } else if (filter > 2) {
      for (let at = row; at < end; at++) {
        const isFirst = at < row + pixelBytes;
        const left = isFirst ? 0 : data[at - pixelBytes]!;
        const above = isFirstRow ? 0 : data[at - rowBytes]!;
        if (filter === 3) data[at]! += (left + above) >> 1;
        else data[at]! += nearestOf(left, above, isFirst || isFirstRow ? 0 : data[at - rowBytes - pixelBytes]!);
      }
    }
  }
}

/** Paeth's predictor. */
function nearestOf(left: number, above: number, corner: number): number {
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}
