import { FileBytes, Hdf5Error } from './bytes.ts';
import { type Message, membersOf, messagesOf, messageTypes, rootOf } from './objects.ts';
import { attributeOf, datasetOf, type Hdf5Value } from './values.ts';

const signature = '\x89HDF\r\n\x1a\n';

export const isHdf5 = (bytes: Uint8Array): boolean => String.fromCharCode(...bytes.subarray(0, 8)) === signature;

/**
 * A group or dataset in an HDF5 file with h5py's default settings, read according to version 3 of the file format specification,
 * https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html. Supports groups as symbol tables or compact links; contiguous, compact and
 * chunked datasets with gzip and shuffle; numbers and strings. Implemented here because an HDF5 library would be two thirds of this
 * package's size.
 */
export class Hdf5Object {
  readonly #file: FileBytes;
  readonly #messages: readonly Message[];
  #members: Map<string, number> | undefined;

  constructor(file: FileBytes, address: number) {
    this.#file = file;
    this.#messages = messagesOf(file, address);
  }

  get isDataset(): boolean {
    return this.#messages.some(({ type }) => type === messageTypes.layout);
  }

  /** Names of the group's members, in file order. */
  get names(): string[] {
    return [...this.#own.keys()];
  }

  get #own(): Map<string, number> {
    this.#members ??= membersOf(this.#file, this.#messages);
    return this.#members;
  }

  /** A member, by its name or by a path of names. */
  member(path: string): Hdf5Object | undefined {
    const [name, ...rest] = path.split('/').filter((part) => part !== '');
    if (name === undefined) return this;
    const address = this.#own.get(name);
    return address === undefined ? undefined : new Hdf5Object(this.#file, address).member(rest.join('/'));
  }

  /** @throws Hdf5Error if this reader doesn't support the attribute's type. */
  attribute(name: string): Hdf5Value | undefined {
    for (const message of this.#messages) {
      if (message.type !== messageTypes.attribute) continue;
      const [own, read] = attributeOf(this.#file, message);
      if (own === name) return read();
    }
    return undefined;
  }

  value(): Hdf5Value {
    return datasetOf(this.#file, this.#messages);
  }
}

/** Opens the root group of a file. @throws Hdf5Error */
export function openHdf5(bytes: Uint8Array): Hdf5Object {
  if (!isHdf5(bytes)) throw new Hdf5Error('no HDF5 signature');
  const file = new FileBytes(bytes);
  return new Hdf5Object(file, rootOf(file));
}
