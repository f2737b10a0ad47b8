/** The file is not an HDF5 file, is damaged, or uses a storage feature that this reader doesn't support. */
export class Hdf5Error extends Error {}

/** Maximum number of reads per file: a damaged file may contain circular references. */
const mostReads = 4_000_000;

/** Reads little-endian numbers at offsets in a file. Reading beyond its end throws. */
export class FileBytes {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #reads = 0;
  /** Size of an offset and of a length, in bytes. */
  offsetSize = 8;
  lengthSize = 8;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number {
    return this.#bytes.length;
  }

  slice(at: number, length: number): Uint8Array {
    if (++this.#reads > mostReads) throw new Hdf5Error('its parts point in circles');
    if (!(at >= 0 && length >= 0 && at + length <= this.#bytes.length)) {
      throw new Hdf5Error(`${length} bytes at ${at}, beyond the end of the file`);
    }
    return this.#bytes.subarray(at, at + length);
  }

  text(at: number, length: number): string {
    return String.fromCharCode(...this.slice(at, length));
  }

  /** Reads a zero-terminated string. */
  name(at: number): string {
    let end = at;
    while (this.integer(end, 1) !== 0) end++;
    return new TextDecoder().decode(this.slice(at, end - at));
  }

  /** Reads an unsigned integer of 1, 2, 4 or 8 bytes. */
  integer(at: number, size: number): number {
    this.slice(at, size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, true);
    if (size === 4) return this.#view.getUint32(at, true);
    if (size === 8) return this.#view.getUint32(at, true) + 2 ** 32 * this.#view.getUint32(at + 4, true);
    throw new Hdf5Error(`integers of ${size} bytes`);
  }

  offset(at: number): number {
    return this.integer(at, this.offsetSize);
  }
}

/** Whether an offset is undefined, which is encoded with all bits set. */
export const isNowhere = (offset: number): boolean => offset >= 2 ** 63 || offset === 2 ** 32 - 1;
