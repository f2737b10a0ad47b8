import { unzlibSync } from 'fflate';
import { concatenated } from '../concatenated.ts';
import { crc32 } from './crc32.ts';
import { pngSignature } from './wide_head.ts';

// Browsers decode pictures to 8 bits per channel. 16-bit PNGs (W3C's PNG specification, third edition) are decoded here if their
// lower bits matter.

/** Red, green, blue and alpha of each pixel, 16 bits each. */
export interface WidePixels {
  width: number;
  height: number;
  rgba: Uint16Array;
}

/** Channels by the color type: gray, color, gray with alpha, color with alpha. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };
const opaque = 65535;
const mostPixels = 2 ** 28;

/** The seven passes of Adam7: first column and row, steps between columns and rows. */
const interlaced = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const whole = [[0, 0, 1, 1]] as const;

/** The error that a browser throws for a picture that it cannot decode. */
const broken = (what: string) => new DOMException(`The PNG cannot be decoded: ${what}`, 'EncodingError');

/** @throws DOMException if the file is damaged or truncated, as a browser does. */
export function decodeWidePng(bytes: Uint8Array): WidePixels {
  const { header, transparent, packed } = chunksOf(bytes);
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const color = header[9]!;
  const [compression, filtering, interlacing] = [header[10]!, header[11]!, header[12]!];
  const channels = channelsOf[color];
  // The specification defines one method of compression and one of filtering, both 0.
  const isKnown = channels !== undefined && compression === 0 && filtering === 0 && interlacing <= 1;
  if (!isKnown || width === 0 || height === 0 || width * height > mostPixels) throw broken('its header');
  const passes = (interlacing === 1 ? interlaced : whole)
    .map(([x, y, dx, dy]) => ({
      x,
      y,
      dx,
      dy,
      columns: Math.ceil((width - x) / dx),
      rows: Math.ceil((height - y) / dy),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const pixelBytes = 2 * channels;
  const size = passes.reduce((sum, { columns, rows }) => sum + rows * (1 + columns * pixelBytes), 0);
  const data = unpacked(packed, size);
  const rgba = new Uint16Array(4 * width * height);
  const sample = (at: number) => 256 * data[at]! + data[at + 1]!;
  let at = 0;
  for (const { x, y, dx, dy, columns, rows } of passes) {
    const rowBytes = 1 + columns * pixelBytes;
    unfilter(data.subarray(at, at + rows * rowBytes), rowBytes, pixelBytes);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const from = at + row * rowBytes + 1 + column * pixelBytes;
        const to = 4 * ((y + row * dy) * width + x + column * dx);
        const isColored = channels > 2;
        for (let c = 0; c < 3; c++) rgba[to + c] = sample(from + (isColored ? 2 * c : 0));
        rgba[to + 3] = channels % 2 === 0 ? sample(from + pixelBytes - 2) : opaque;
        if (transparent?.every((level, c) => rgba[to + c] === level)) rgba[to + 3] = 0;
      }
    }
    at += rows * rowBytes;
  }
  return { width, height, rgba };
}

function chunksOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packed: Uint8Array[] = [];
  let header: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  for (let at = pngSignature.length; ; ) {
    if (at + 12 > bytes.length) throw broken('it is cut short');
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw broken('it is cut short');
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, end);
    if (/^[A-Z]/.test(type) && crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) throw broken('a checksum');
    if (type === 'IHDR' && length === 13) header ??= data;
    else if (type === 'IDAT') packed.push(data);
    else if (type === 'tRNS') transparency = data;
    else if (type === 'IEND') break;
    at = end + 4;
  }
  if (!header || packed.length === 0) throw broken('it has no pixels');
  // The level that stands for transparent: one value of two bytes for gray, three for color. Browsers ignore any other length.
  const isLevel = transparency?.length === { 0: 2, 2: 6 }[header[9]!];
  return { header, packed, ...(transparency && isLevel && { transparent: levelsOf(transparency) }) };
}

const levelsOf = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / 2 }, (_, i) => 256 * bytes[2 * i]! + bytes[2 * i + 1]!);

/** Inflates the data of all chunks, whose size must match the header. */
function unpacked(chunks: readonly Uint8Array[], size: number): Uint8Array {
  let data: Uint8Array;
  try {
    data = unzlibSync(concatenated(Uint8Array, chunks), { out: new Uint8Array(size) });
  } catch (error) {
    throw broken((error as Error).message);
  }
  if (data.length !== size) throw broken('it has too few pixels');
  return data;
}

/** Reverses the row filters: each row begins with its filter type, which predicts bytes from the left, from above, or from both. */
function unfilter(data: Uint8Array, rowBytes: number, pixelBytes: number): void {
  for (let begin = 0; begin < data.length; begin += rowBytes) {
    const filter = data[begin]!;
    if (filter === 0) continue;
    if (filter > 4) throw broken('an unknown filter');
    const row = begin + 1;
    for (let at = row; at < begin + rowBytes; at++) {
      const isFirst = at < row + pixelBytes;
      const left = isFirst ? 0 : data[at - pixelBytes]!;
      const above = begin === 0 ? 0 : data[at - rowBytes]!;
      const corner = isFirst || begin === 0 ? 0 : data[at - rowBytes - pixelBytes]!;
      data[at]! += [0, left, above, (left + above) >> 1, nearestOf(left, above, corner)][filter]!;
    }
  }
}

/** Paeth's predictor. */
function nearestOf(left: number, above: number, corner: number): number {
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}
