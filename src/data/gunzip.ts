import { DataError } from '../errors.ts';

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** What gzip packed. Throws a DataError, with `name` for the file, where the bytes are cut short or damaged. */
export async function gunzip(bytes: Uint8Array, name = 'The file'): Promise<Uint8Array> {
  try {
    // A DecompressionStream takes no view of shared memory, and TypeScript can't know that this is none.
    const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    const unpacked = packed.pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch (error) {
    throw new DataError(
      {
        what: `${name} cannot be unpacked: it is damaged or cut short`,
        found: `${bytes.length} bytes, ${isGzip(bytes) ? 'the start of a gzip file' : 'not even gzip at the start'}`,
        wanted: 'a whole gzip file',
        fix: 'fetch the file again',
      },
      { cause: error },
    );
  }
}
