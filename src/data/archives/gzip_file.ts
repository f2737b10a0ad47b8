import { Inflate } from 'fflate';
import { Crc32 } from '../../crc32.ts';
import { DataError } from '../../errors.ts';
import { count } from '../../figures.ts';
import { isGzip } from '../gzip_format.ts';
import type { FileBytes } from '../identify.ts';
import { damaged, mostUnpacked, refuseBomb, tooLarge } from '../unpacking_errors.ts';
import { bytesBetween } from './entry.ts';

// RFC 1952: a file consists of members. Each has a header, deflated data, and a trailer with the checksum and the size of the unpacked
// data.

const packedAtOnce = 64 * 1024;
const trailerBytes = 8;
/** Names and comments make a header longer than its ten bytes. */
const longestHeader = 64 * 1024;

/** Options for unpacking a gzip file. */
export interface GzipOptions {
  /** Maximum number of unpacked bytes kept in memory; a smaller file is unpacked only once. */
  most?: number;
  /** Distance in unpacked bytes between checkpoints from which decompression can restart. */
  spacing?: number;
}

/** A checkpoint takes up to 160 KiB: the last 32 KiB of output and the codes of the current block. */
const mostPlaces = 512;

/**
 * The unpacked contents of a gzip file, as a file that can be read at any offset. It is unpacked once to check it. If it is larger than
 * `most` bytes (64 MiB), each part is unpacked again when it is read, starting from the closest of up to 512 checkpoints, 1 MiB or more
 * apart, so memory does not grow with the file. Like gunzip, it ignores anything after the last member.
 *
 * @throws DataError if the file is damaged or truncated, or would expand more than 200 times.
 */
export async function openGzip(
  file: FileBytes,
  name: string,
  { most = 64 * 2 ** 20, spacing = 2 ** 20 }: GzipOptions = {},
): Promise<FileBytes> {
  const places: Unpacker[] = [];
  let kept: Uint8Array<ArrayBuffer>[] | undefined = [];
  let apart = spacing;
  const unpacker = await Unpacker.open(file, name);
  while (!unpacker.isAtEnd) {
    if (unpacker.position >= (places.at(-1)?.position ?? Number.NEGATIVE_INFINITY) + apart)
      places.push(unpacker.copy());
    if (places.length > mostPlaces) {
      places.splice(0, places.length, ...places.filter((_, at) => at % 2 === 0));
      apart *= 2;
    }
    const chunk = await unpacker.next();
    refuseBomb(name, file.size, unpacker.position);
    if (unpacker.position > most) kept = undefined;
    kept?.push(chunk);
  }
  return kept ? new Blob(kept) : readFrom(places, unpacker.position);
}

/**
 * Unpacks data with several members, or with other data after the last one, both of which a DecompressionStream rejects.
 *
 * @throws DataError if the data is damaged or truncated, or would become too large.
 */
export async function unpackMembers(file: FileBytes, name: string): Promise<{ blob: Blob; trailing: number }> {
  const unpacker = await Unpacker.open(file, name);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  while (!unpacker.isAtEnd) {
    chunks.push(await unpacker.next());
    refuseBomb(name, file.size, unpacker.position);
    if (unpacker.position > mostUnpacked) throw tooLarge(name, unpacker.position);
  }
  const rest = await bytesBetween(file, unpacker.at, file.size);
  return { blob: new Blob(chunks), trailing: rest.every((byte) => byte === 0) ? 0 : rest.length };
}

/** Yields the unpacked content of a file from the offset `start` in chunks, and throws as `unpackMembers` does. */
export async function* chunksOfMembers(
  file: FileBytes,
  name: string,
  start: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const unpacker = await Unpacker.open(file, name);
  while (!unpacker.isAtEnd) {
    const chunk = await unpacker.next();
    const known = start - (unpacker.position - chunk.length);
    if (known < chunk.length) yield chunk.subarray(Math.max(0, known));
  }
}

/** Reads parts of the unpacked data in order. They share the unpacker, which continues where the previous part ended. */
function readFrom(places: readonly Unpacker[], size: number): FileBytes {
  let unpacker = places[0]!.copy();
  let chunk = new Uint8Array();
  let turn: Promise<unknown> = Promise.resolve();
  const read = async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(Math.max(0, end - start));
    for (let at = start; at < end; ) {
      const begin = unpacker.position - chunk.length;
      if (at >= begin && at < unpacker.position) {
        const part = chunk.subarray(at - begin, end - begin);
        bytes.set(part, at - start);
        at += part.length;
        continue;
      }
      const place = places.findLast(({ position }) => position <= at)!;
      if (at < begin || place.position > unpacker.position) unpacker = place.copy();
      chunk = await unpacker.next();
    }
    return bytes.buffer;
  };
  const slice = (start: number, end: number) => {
    const mine = turn.then(() => read(start, Math.min(end, size)));
    turn = mine.catch(() => undefined);
    return mine;
  };
  return {
    size,
    arrayBuffer: () => slice(0, size),
    slice: (start, end) => ({ arrayBuffer: () => slice(start, end) }),
  };
}

/**
 * State of fflate's Inflate between two pushes: its codes and bits, the last 32 KiB of output, and unused packed bytes. It never modifies
 * these arrays afterwards, so a copy of the object can continue from the same position. There is no other way to start in the middle of
 * deflate data.
 */
interface InflateState {
  s: { p: number; f?: number; l?: unknown };
  o: Uint8Array;
  p: Uint8Array;
}
const stateOf = (inflate: Inflate) => inflate as unknown as InflateState;

/** Unpacks a gzip file from start to end, and can be copied at any position. */
class Unpacker {
  private inflate = new Inflate();
  private crc = new Crc32();
  private memberBytes = 0;
  /** Number of unpacked bytes before the next chunk. */
  position = 0;
  isAtEnd = false;

  private constructor(
    private readonly file: FileBytes,
    private readonly name: string,
    /** Offset of the packed bytes that are unpacked next. */
    public at: number,
  ) {}

  static async open(file: FileBytes, name: string): Promise<Unpacker> {
    return new Unpacker(file, name, await dataAt(file, name, 0));
  }

  copy(): Unpacker {
    const copy = new Unpacker(this.file, this.name, this.at);
    Object.assign(copy, { ...this, inflate: new Inflate(), crc: this.crc.copy() });
    const { s, o, p } = stateOf(this.inflate);
    Object.assign(copy.inflate, { s: { ...s }, o, p });
    return copy;
  }

  /** The next chunk of unpacked bytes, which may be empty. */
  async next(): Promise<Uint8Array<ArrayBuffer>> {
    const packed = await bytesBetween(this.file, this.at, this.at + packedAtOnce);
    if (packed.length === 0) throw damaged(this.name, 'gzip data without an end');
    this.at += packed.length;
    const chunks: Uint8Array[] = [];
    this.inflate.ondata = (chunk) => chunks.push(chunk);
    try {
      this.inflate.push(packed);
    } catch (cause) {
      throw cause instanceof DataError ? cause : damaged(this.name, (cause as Error).message, cause);
    }
    const chunk = chunks[0] as Uint8Array<ArrayBuffer>;
    this.crc.update(chunk);
    this.memberBytes += chunk.length;
    this.position += chunk.length;
    const { s, p } = stateOf(this.inflate);
    if (s.f && !s.l) await this.endMember(this.at - p.length + (s.p > 0 ? 1 : 0));
    return chunk;
  }

  private async endMember(trailerAt: number): Promise<void> {
    const trailer = await bytesBetween(this.file, trailerAt, trailerAt + trailerBytes);
    const view = new DataView(trailer.buffer);
    const isWhole = trailer.length === trailerBytes && view.getUint32(0, true) === this.crc.value;
    if (!isWhole || view.getUint32(4, true) !== this.memberBytes % 2 ** 32) {
      throw damaged(this.name, `another checksum or size than that of the ${count(this.memberBytes)} bytes before it`);
    }
    this.at = trailerAt + trailerBytes;
    if (!isGzip(await bytesBetween(this.file, this.at, this.at + 2))) {
      this.isAtEnd = true;
      return;
    }
    this.at = await dataAt(this.file, this.name, this.at);
    this.inflate = new Inflate();
    this.crc = new Crc32();
    this.memberBytes = 0;
  }
}

const [hasHeaderCrc, hasExtra, hasName, hasComment] = [2, 4, 8, 16];

/** Offset of a member's deflated data, after its header. */
async function dataAt(file: FileBytes, name: string, at: number): Promise<number> {
  const header = await bytesBetween(file, at, at + longestHeader);
  const [, , method, flags = 0] = header;
  let end = 10;
  if (flags & hasExtra) end += 2 + header[end]! + 256 * header[end + 1]!;
  for (const flag of [hasName, hasComment]) if (flags & flag) end = header.indexOf(0, end) + 1 || Number.NaN;
  if (flags & hasHeaderCrc) end += 2;
  if (isGzip(header) && method === 8 && end <= header.length) return at + end;
  throw damaged(name, `no header of gzip data at byte ${count(at)}`);
}
