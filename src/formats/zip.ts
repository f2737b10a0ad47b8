import { concatenated } from '../concatenated.ts';
import { crc32 } from '../crc32.ts';

/** The earliest date that ZIP has, 1980-01-01: a fixed one makes the output reproducible. */
const date = 0x21;
/** Names are UTF-8. */
const flags = 0x800;
/** The last size that a ZIP archive without the extension ZIP64 can have. */
const mostBytes = 2 ** 32 - 2;

/** Packs files into a ZIP archive without compression, because weights hardly compress. */
export function packZip(files: readonly { name: string; bytes: Uint8Array }[]): Uint8Array<ArrayBuffer> {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const encoded = new TextEncoder().encode(name);
    // Version 2.0, flags, stored, time and date, checksum, packed and unpacked size, length of the name, no extra fields.
    const shared = record('2222244422', [
      20,
      flags,
      0,
      0,
      date,
      crc32(bytes),
      bytes.length,
      bytes.length,
      encoded.length,
      0,
    ]);
    local.push(record('4', [0x04034b50]), shared, encoded, bytes);
    // No comment, on the first disk, no attributes.
    central.push(record('42', [0x02014b50, 20]), shared, record('22244', [0, 0, 0, 0, offset]), encoded);
    offset += 30 + encoded.length + bytes.length;
  }
  const directory = concatenated(Uint8Array, central);
  if (offset + directory.length > mostBytes) throw new RangeError('A ZIP archive of 4 GiB or more needs ZIP64');
  const end = record('42222442', [0x06054b50, 0, 0, files.length, files.length, directory.length, offset, 0]);
  return concatenated<Uint8Array>(Uint8Array, [...local, directory, end]) as Uint8Array<ArrayBuffer>;
}

/** Little-endian numbers. @param sizes the number of bytes of each, a digit per number. */
function record(sizes: string, values: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const [i, value] of values.entries()) {
    for (let byte = 0; byte < Number(sizes[i]); byte++) bytes.push(Math.floor(value / 2 ** (8 * byte)) % 256);
  }
  return Uint8Array.from(bytes);
}
