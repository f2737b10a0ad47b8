import { DataError } from '../errors.ts';
import { count } from '../figures.ts';
import { isGzip } from './gzip_format.ts';
import type { FileBytes } from './identify.ts';
import { isDamage, mostUnpacked, refuseBomb, tooLarge } from './unpacking_errors.ts';

/**
 * Decompresses gzip data of one or several members. Like gunzip, it ignores data after the last member, such as the zero bytes that
 * tapes and some servers add. Throws a DataError, with `name` for the file, if the data is truncated or damaged, or if it would
 * expand more than 200 times and to more than 64 MiB.
 */
export async function gunzip(bytes: Uint8Array, name = 'The file'): Promise<Uint8Array> {
  return (await unpackGzip(bytes, name)).data;
}

/** Like `gunzip`, and also counts the ignored bytes. */
export async function unpackGzip(
  bytes: Uint8Array,
  name = 'The file',
): Promise<{ data: Uint8Array; trailing: number }> {
  const { blob, trailing } = await unpackGzipFile(new Blob([bytes as Uint8Array<ArrayBuffer>]), name);
  return { data: new Uint8Array(await blob.arrayBuffer()), trailing };
}

/** Bytes of a file that are read at a time. */
const windowBytes = 2 ** 20;

/** Decompresses a gzip file to a Blob, which a browser keeps on disk if it is large. Throws as `gunzip` does. */
export async function unpackGzipFile(file: FileBytes, name: string): Promise<{ blob: Blob; trailing: number }> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for await (const chunk of unpacked(file)) {
      chunks.push(chunk);
      size += chunk.length;
      refuseBomb(name, file.size, size);
      if (size > mostUnpacked) throw tooLarge(name, size);
    }
    return { blob: new Blob(chunks), trailing: 0 };
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const isStart = isGzip(new Uint8Array(await file.slice(0, 2).arrayBuffer()));
    // By its specification, a DecompressionStream rejects a second member and any byte after the end. Few files have either, so the
    // code that handles them is loaded on demand.
    if (isStart) {
      const { unpackMembers } = await import('./archives/gzip_file.ts');
      const whole = await unpackMembers(file, name).catch((error) => {
        if (!isDamage(error)) throw error;
        return undefined;
      });
      if (whole) return whole;
    }
    throw new DataError(
      {
        what: `${name} cannot be unpacked: it is damaged or truncated`,
        found: `${count(file.size)} bytes, ${isStart ? 'the start of a gzip file' : 'not even gzip at the start'}`,
        expected: 'a whole gzip file',
        fix: 'download the file again',
      },
      { cause },
    );
  }
}

/**
 * Yields the decompressed content of a file in chunks, also if it has several members or data after the last one. A file that is
 * damaged ends in an error of the browser's DecompressionStream.
 */
export async function* unpackedChunks(file: FileBytes, name: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let yielded = 0;
  try {
    for await (const chunk of unpacked(file)) {
      yield chunk;
      yielded += chunk.length;
    }
  } catch (cause) {
    const { chunksOfMembers } = await import('./archives/gzip_file.ts');
    try {
      yield* chunksOfMembers(file, name, yielded);
    } catch (error) {
      throw isDamage(error) ? cause : error;
    }
  }
}

/** Yields the decompressed content of a file of one member in chunks. */
async function* unpacked(file: FileBytes): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let at = 0;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (at >= file.size) return controller.close();
      const bytes = new Uint8Array(await file.slice(at, Math.min(at + windowBytes, file.size)).arrayBuffer());
      at += bytes.length;
      controller.enqueue(bytes);
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value as Uint8Array<ArrayBuffer>;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
