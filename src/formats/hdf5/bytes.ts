/** A file that is no HDF5 file, is damaged, or stores something in a way that this reader doesn't know. */
export class Hdf5Error extends Error {}

/** The most reads of one file: a damaged one can point in circles. */
const mostReads = 4_000_000;

/** Little-endian numbers at places in a file. Whatever lies beyond its end is an error. */
export class FileBytes {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #reads = 0;
  /** Bytes of an offset and of a length. */
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

  /** A text that ends with a zero. */
  name(at: number): string {
    let end = at;
    while (this.integer(end, 1) !== 0) end++;
    return new TextDecoder().decode(this.slice(at, end - at));
  }

  /** An unsigned integer of 1, 2, 4 or 8 bytes. */
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

/** All bits of an offset that points nowhere. */
export const isNowhere = (offset: number): boolean => offset >= 2 ** 63 || offset === 2 ** 32 - 1;
