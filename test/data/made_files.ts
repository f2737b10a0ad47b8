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

/** Bytes as gzip packs them. */
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

/** Bytes of characters from 0 to 255. */
export const bytesOf = (characters: string) => Uint8Array.from(characters, (character) => character.charCodeAt(0));
