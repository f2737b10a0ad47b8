export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

export interface Unpacked {
  data: Uint8Array;
  /** Number of bytes after the end of the gzip data that are not zero padding. They are ignored, as in gunzip. */
  trailing: number;
}
