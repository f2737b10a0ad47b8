import { Gunzip } from 'fflate';
import { concatenated } from '../concatenated.ts';
import { isGzip, type Unpacked } from './gzip_format.ts';

/** Every gzip member ends with the CRC-32 and the length of what it packs. */
const trailerBytes = 8;

/**
 * Unpacks gzip data of one or several members, and whatever follows them.
 *
 * @returns undefined where a member is damaged or cut short.
 */
export function unpackMembers(bytes: Uint8Array): Unpacked | undefined {
  const starts = [0];
  const members: Uint8Array[][] = [[]];
  const stream = new Gunzip((chunk) => members.at(-1)!.push(chunk));
  stream.onmember = (start) => {
    starts.push(start);
    members.push([]);
  };
  try {
    stream.push(bytes, false);
    stream.push(new Uint8Array(), true);
  } catch {
    // It also throws at bytes that are no further member. Whether the members are whole is checked below.
  }
  const unpacked = members.map((chunks) => concatenated(Uint8Array, chunks));
  let end = 0;
  for (const [i, member] of unpacked.entries()) {
    const trailer = trailerOf(member);
    end = starts[i + 1] ?? endOf(bytes, trailer, starts[i]!);
    if (!trailer.every((byte, at) => bytes[end - trailerBytes + at] === byte)) return undefined;
  }
  const rest = bytes.subarray(end);
  // Bytes that begin like a further member but cannot be unpacked are damaged data, not padding.
  if (isGzip(rest)) return undefined;
  return { data: concatenated(Uint8Array, unpacked), trailing: rest.every((byte) => byte === 0) ? 0 : rest.length };
}

function trailerOf(data: Uint8Array): Uint8Array {
  const trailer = new DataView(new ArrayBuffer(trailerBytes));
  trailer.setUint32(0, crc32(data), true);
  trailer.setUint32(4, data.length, true); // modulo 2 ** 32, as gzip has it
  return new Uint8Array(trailer.buffer);
}

/** The position after a member's trailer, or 0 where the trailer is missing. */
function endOf(bytes: Uint8Array, trailer: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(trailer[0]!, start); at >= 0; at = bytes.indexOf(trailer[0]!, at + 1)) {
    if (trailer.every((byte, i) => bytes[at + i] === byte)) return at + trailerBytes;
  }
  return 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < data.length; i++) crc = crcTable[(crc ^ data[i]!) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
