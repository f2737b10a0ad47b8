import { concatenated } from '../concatenated.ts';
import { DataError } from '../errors.ts';

// Several files in one message: the length of each as a u32 (little-endian), then their bytes. Requesting many small pictures at once takes
// a fraction of the time of separate requests.

/** Joins files into one message. */
export function packFiles(files: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const lengths = Uint32Array.from(files, ({ length }) => length);
  return concatenated<Uint8Array>(Uint8Array, [new Uint8Array(lengths.buffer), ...files]) as Uint8Array<ArrayBuffer>;
}

/**
 * Takes the files out of a message, as views.
 *
 * @throws DataError if the message was truncated.
 */
export function unpackFiles(packed: Uint8Array<ArrayBuffer>, count: number): Uint8Array<ArrayBuffer>[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const files: Uint8Array<ArrayBuffer>[] = [];
  let at = 4 * count;
  for (let i = 0; i < count && at <= packed.length && packed.length >= 4 * count; i++) {
    const length = view.getUint32(4 * i, true);
    files.push(packed.subarray(at, at + length));
    at += length;
  }
  if (files.length === count && at === packed.length) return files;
  throw new DataError({
    what: 'The server of this page sent different bytes than requested',
    found: `${packed.length} bytes`,
    expected: `${count} files, ${at} bytes`,
    fix: 'try again',
  });
}
