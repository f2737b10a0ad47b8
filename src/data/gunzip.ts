import { DataError } from '../errors.ts';
import { isGzip, type Unpacked } from './gzip_format.ts';

/**
 * Unpacks gzip data of one or several members. Like gunzip it ignores what follows the last member: zero bytes, as tapes
 * and some servers add, or anything else. Throws a DataError, with `name` for the file, where the data is cut short or
 * damaged.
 */
export async function gunzip(bytes: Uint8Array, name = 'The file'): Promise<Uint8Array> {
  return (await unpackGzip(bytes, name)).data;
}

/** Does the same as `gunzip`, and also counts the bytes that it ignored. */
export async function unpackGzip(bytes: Uint8Array, name = 'The file'): Promise<Unpacked> {
  try {
    // A DecompressionStream takes no view of shared memory, and TypeScript can't know that this is none.
    const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    const unpacked = packed.pipeThrough(new DecompressionStream('gzip'));
    return { data: new Uint8Array(await new Response(unpacked).arrayBuffer()), trailing: 0 };
  } catch (cause) {
    // By its specification a DecompressionStream refuses a second member and any byte after the end.
    // Few files have either, and need the code for it.
    const unpacked = isGzip(bytes) && (await import('./gzip_members.ts')).unpackMembers(bytes);
    if (unpacked) return unpacked;
    throw new DataError(
      {
        what: `${name} cannot be unpacked: it is damaged or cut short`,
        found: `${bytes.length} bytes, ${isGzip(bytes) ? 'the start of a gzip file' : 'not even gzip at the start'}`,
        expected: 'a whole gzip file',
        fix: 'fetch the file again',
      },
      { cause },
    );
  }
}
