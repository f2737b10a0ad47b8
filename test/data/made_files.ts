import { zlibSync } from 'fflate';
import { crc32 } from '../../src/crc32.ts';
import type { PlacedFile } from '../../src/index.ts';

/** An IDX file of bytes. */
export function idx(shape: number[], data: readonly number[], type = 8): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

const isTwoOf = (first: number) => ({
  images: idx([2, 1, 2], [first, first + 1, first + 2, first + 3]),
  labels: idx([2], [1, 0]),
});

/** Two images of 1 x 2 for training, and two for testing. */
export const mnistLike: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  'train-images-idx3-ubyte': isTwoOf(1).images,
  'train-labels-idx1-ubyte': isTwoOf(1).labels,
  't10k-images-idx3-ubyte': isTwoOf(5).images,
  't10k-labels-idx1-ubyte': isTwoOf(5).labels,
};

export const placed = (files: Readonly<Record<string, BlobPart>>): PlacedFile[] =>
  Object.entries(files).map(([path, content]) => ({ path, file: new Blob([content]) }));

/** Compresses bytes with gzip. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const textBytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

/** Bytes from characters with codes 0 to 255. */
export const bytesOf = (characters: string) => Uint8Array.from(characters, (character) => character.charCodeAt(0));

type PngColor = 0 | 2 | 3 | 4 | 6;

interface PngOptions {
  /** Compression, filtering and interlacing. */
  methods?: readonly number[];
  transparency?: readonly number[];
  palette?: readonly number[];
  /** Further chunks before the pixels: their types and bytes. */
  chunks?: readonly (readonly [type: string, data: readonly number[]])[];
}

/** A PNG with 16 bits per channel whose rows cycle through the five filters. @param color 0 gray, 2 color, 4 and 6 with alpha. */
export const widePng = (width: number, color: 0 | 2 | 4 | 6, samples: readonly number[], options: PngOptions = {}) =>
  madePng(width, color, 16, samples, options);

/** A PNG whose rows cycle through the five filters. @param color 0 gray, 2 color, 3 palette, 4 and 6 with alpha. */
export function madePng(
  width: number,
  color: PngColor,
  depth: 1 | 2 | 4 | 8 | 16,
  samples: readonly number[],
  { methods = [0, 0, 0], transparency, palette, chunks = [] }: PngOptions = {},
): Uint8Array<ArrayBuffer> {
  const perPixel = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[color];
  const perRow = width * perPixel;
  const height = samples.length / perRow;
  const pixelBytes = Math.max(1, (perPixel * depth) / 8);
  const rowBytes = Math.ceil((perRow * depth) / 8);
  const plain = new Uint8Array(height * rowBytes);
  for (const [i, sample] of samples.entries()) {
    const [bit, begin] = [(i % perRow) * depth, Math.floor(i / perRow) * rowBytes];
    if (depth === 16) plain.set([sample >> 8, sample & 255], begin + bit / 8);
    else plain[begin + (bit >> 3)]! |= sample << (8 - depth - (bit & 7));
  }
  const filtered = Array.from({ length: height }, (_, y) => {
    const at = (x: number, row: number) => (x < 0 || row < 0 ? 0 : plain[row * rowBytes + x]!);
    return Uint8Array.from({ length: 1 + rowBytes }, (_, i) => {
      if (i === 0) return y % 5;
      const [left, above, corner] = [at(i - 1 - pixelBytes, y), at(i - 1, y - 1), at(i - 1 - pixelBytes, y - 1)];
      const paeth = [left, above, corner].sort(
        (a, b) => Math.abs(left + above - corner - a) - Math.abs(left + above - corner - b),
      )[0]!;
      return at(i - 1, y) - [0, left, above, Math.floor((left + above) / 2), paeth][y % 5]!;
    });
  });
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint16(8, depth * 256 + color);
  for (const [i, method] of methods.entries()) header.setUint8(10 + i, method);
  return joined(
    bytesOf('\x89PNG\r\n\x1a\n'),
    pngChunk('IHDR', new Uint8Array(header.buffer)),
    ...chunks.map(([type, data]) => pngChunk(type, Uint8Array.from(data))),
    ...(palette ? [pngChunk('PLTE', Uint8Array.from(palette))] : []),
    ...(transparency ? [pngChunk('tRNS', Uint8Array.from(transparency))] : []),
    pngChunk('IDAT', zlibSync(joined(...filtered))),
    pngChunk('IEND', new Uint8Array()),
  );
}

/** A chunk of a PNG, with its length and checksum. */
function pngChunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const named = joined(textBytes(type), data);
  const numbers = new DataView(new ArrayBuffer(8));
  numbers.setUint32(0, data.length);
  numbers.setUint32(4, crc32(named));
  return joined(new Uint8Array(numbers.buffer, 0, 4), named, new Uint8Array(numbers.buffer, 4, 4));
}
