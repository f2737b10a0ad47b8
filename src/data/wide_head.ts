export const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const headerAt = pngSignature.length + 8;
const depthAt = headerAt + 8;

/** Bytes of a file that tell whether it is a PNG of 16 bits. */
export const widePngHead = depthAt + 1;

/** Whether a file begins like a PNG of 16 bits a channel. */
export const isWidePng = (head: Uint8Array): boolean =>
  head[depthAt] === 16 && pngSignature.every((byte, at) => head[at] === byte);
