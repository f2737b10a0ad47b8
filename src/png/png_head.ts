export const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const headerAt = pngSignature.length + 8;
const headerBytes = 13;

/** Number of bytes at the beginning of a PNG up to the end of its header. */
export const pngHeadBytes = headerAt + headerBytes;

/** The first fields of a PNG's header. */
export interface PngHead {
  width: number;
  height: number;
  /** Bits per sample. */
  depth: number;
}

/** Reads the header of a PNG; undefined for other files. */
export function pngHead(head: Uint8Array): PngHead | undefined {
  if (head.length < pngHeadBytes || !pngSignature.every((byte, at) => head[at] === byte)) return undefined;
  const view = new DataView(head.buffer, head.byteOffset + headerAt, headerBytes);
  return { width: view.getUint32(0), height: view.getUint32(4), depth: view.getUint8(8) };
}

/** Whether a file begins like a PNG with 16 bits per channel. */
export const isWidePng = (head: Uint8Array): boolean => pngHead(head)?.depth === 16;
