import { Gunzip } from 'fflate';
import { concatenated } from '../concatenated.ts';
import { DataError } from '../errors.ts';
import { crc32 } from './crc32.ts';
import { isGzip, type Unpacked } from './gzip_format.ts';
import { mostUnpacked, refuseBomb, tooLarge } from './unpacking_errors.ts';

/** Every gzip member ends with the CRC-32 and the length of its uncompressed data. */
const trailerBytes = 8;
/** Decompress in chunks, so that a decompression bomb is detected before all of it is unpacked. */
const pieceBytes = 2 ** 16;

/**
 * Decompresses gzip data of one or several members, and counts the bytes after them.
 *
 * @returns undefined if a member is damaged or truncated.
 * @throws DataError if the data would become too large.
 */
export function unpackMembers(bytes: Uint8Array, name: string): Unpacked | undefined {
  const starts = [0];
  const members: Uint8Array[][] = [[]];
  let size = 0;
  const stream = new Gunzip((chunk) => {
    members.at(-1)!.push(chunk);
    size += chunk.length;
    refuseBomb(name, bytes.length, size);
    if (size > mostUnpacked) throw tooLarge(name, size);
  });
  stream.onmember = (start) => {
    starts.push(start);
    members.push([]);
  };
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) stream.push(bytes.subarray(at, at + pieceBytes), false);
    stream.push(new Uint8Array(), true);
  } catch (error) {
    if (error instanceof DataError) throw error;
    // Bytes after the last member also throw. The check below determines whether all members are complete.
  }
  const unpacked = members.map((chunks) => concatenated(Uint8Array, chunks));
  let end = 0;
  for (const [i, member] of unpacked.entries()) {
    const trailer = trailerOf(member);
    end = starts[i + 1] ?? endOf(bytes, trailer, starts[i]!);
    if (!trailer.every((byte, at) => bytes[end - trailerBytes + at] === byte)) return undefined;
  }
  const rest = bytes.subarray(end);
  // Bytes with the signature of another member that can't be decompressed are damaged data, not padding.
  if (isGzip(rest)) return undefined;
  return { data: concatenated(Uint8Array, unpacked), trailing: rest.every((byte) => byte === 0) ? 0 : rest.length };
}

function trailerOf(data: Uint8Array): Uint8Array {
  const trailer = new DataView(new ArrayBuffer(trailerBytes));
  trailer.setUint32(0, crc32(data), true);
  trailer.setUint32(4, data.length, true); // Modulo 2 ** 32, as in gzip.
  return new Uint8Array(trailer.buffer);
}

/** Position after a member's trailer, or 0 if the trailer is missing. */
function endOf(bytes: Uint8Array, trailer: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(trailer[0]!, start); at >= 0; at = bytes.indexOf(trailer[0]!, at + 1)) {
    if (trailer.every((byte, i) => bytes[at + i] === byte)) return at + trailerBytes;
  }
  return 0;
}
