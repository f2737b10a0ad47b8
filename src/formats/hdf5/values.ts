import { unzlibSync } from 'fflate';
import { float16 } from '../../float16.ts';
import { product } from '../../product.ts';
import { mostWeights } from '../trained_model.ts';
import { type FileBytes, Hdf5Error, isNowhere } from './bytes.ts';
import { type Message, messageTypes } from './objects.ts';

/** Numbers or strings with their shape; [] for a scalar. */
export interface Hdf5Value {
  shape: number[];
  numbers?: Float32Array;
  texts?: string[];
}

interface Datatype {
  kind: 'float' | 'integer' | 'text' | 'longText';
  bytes: number;
  signed: boolean;
}

const classes: Record<number, Datatype['kind']> = { 0: 'integer', 1: 'float', 3: 'text', 9: 'longText' };

function datatypeOf(file: FileBytes, at: number): Datatype {
  const number = file.integer(at, 1) & 15;
  const kind = classes[number];
  const bits = file.integer(at + 1, 1);
  const bytes = file.integer(at + 4, 4);
  if (!kind || (kind === 'longText' && (bits & 15) !== 1)) throw new Hdf5Error(`a datatype of class ${number}`);
  if ((kind === 'float' || kind === 'integer') && bits & 1) throw new Hdf5Error('big-endian numbers');
  if (kind === 'float' && ![2, 4, 8].includes(bytes)) throw new Hdf5Error(`floats of ${bytes} bytes`);
  if (kind === 'integer' && ![1, 2, 4, 8].includes(bytes)) throw new Hdf5Error(`integers of ${bytes} bytes`);
  return { kind, bytes, signed: (bits & 8) !== 0 };
}

function shapeOf(file: FileBytes, at: number): number[] {
  const version = file.integer(at, 1);
  const rank = file.integer(at + 1, 1);
  if (rank > 32 || version > 2) throw new Hdf5Error(`a dataspace of ${rank} axes`);
  const first = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, i) => file.integer(first + i * file.lengthSize, file.lengthSize));
}

const elementsOf = (shape: readonly number[]) => {
  const elements = product(shape);
  if (!(elements <= mostWeights)) throw new Hdf5Error(`[${shape.join(', ')}] numbers`);
  return elements;
};

/** Name and value of an attribute. */
export function attributeOf(file: FileBytes, { at }: Message): [string, () => Hdf5Value] {
  const version = file.integer(at, 1);
  if (version < 1 || version > 3) throw new Hdf5Error(`an attribute of version ${version}`);
  const sizes = [2, 4, 6].map((place) => file.integer(at + place, 2)) as [number, number, number];
  const padded = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const name = at + (version === 3 ? 9 : 8);
  const datatype = name + padded(sizes[0]);
  const dataspace = datatype + padded(sizes[1]);
  const data = dataspace + padded(sizes[2]);
  return [
    file.name(name),
    () => {
      const type = datatypeOf(file, datatype);
      const shape = shapeOf(file, dataspace);
      return decoded(file, file.slice(data, elementsOf(shape) * type.bytes), type, shape);
    },
  ];
}

/** Reads the values of a dataset. */
export function datasetOf(file: FileBytes, messages: readonly Message[]): Hdf5Value {
  const find = (type: number) => messages.find((message) => message.type === type);
  const [space, type, layout] = [messageTypes.dataspace, messageTypes.datatype, messageTypes.layout].map(find);
  if (!space || !type || !layout) throw new Hdf5Error('an object that is no dataset');
  if (type.flags & 2) throw new Hdf5Error('a dataset of a committed datatype');
  const shape = shapeOf(file, space.at);
  const datatype = datatypeOf(file, type.at);
  const bytes = elementsOf(shape) * datatype.bytes;
  const filters = find(messageTypes.filters);
  return decoded(file, storedBytes(file, layout.at, bytes, shape, datatype, filters), datatype, shape);
}

function storedBytes(
  file: FileBytes,
  at: number,
  bytes: number,
  shape: readonly number[],
  datatype: Datatype,
  filters: Message | undefined,
): Uint8Array {
  const version = file.integer(at, 1);
  if (version !== 3 && version !== 4) throw new Hdf5Error(`a layout of version ${version}`);
  const kind = file.integer(at + 1, 1);
  if (kind === 0) return file.slice(at + 4, bytes);
  if (kind === 1) {
    const address = file.offset(at + 2);
    // Storage was never allocated, so all values are zero.
    if (isNowhere(address)) return new Uint8Array(bytes);
    return file.slice(address, bytes);
  }
  if (kind !== 2 || version !== 3) throw new Hdf5Error('chunks as libver="latest" writes them');
  const rank = file.integer(at + 2, 1) - 1;
  if (rank !== shape.length) throw new Hdf5Error('chunks of another rank');
  const address = file.offset(at + 3);
  const chunk = Array.from({ length: rank }, (_, i) => file.integer(at + 3 + file.offsetSize + 4 * i, 4));
  if (chunk.some((n) => n < 1)) throw new Hdf5Error('chunks of no size');
  const whole = new Uint8Array(bytes);
  if (!isNowhere(address)) copyChunks(file, address, { whole, shape, chunk, bytes: datatype.bytes, filters }, 0);
  return whole;
}

interface Chunked {
  whole: Uint8Array;
  shape: readonly number[];
  chunk: readonly number[];
  bytes: number;
  filters: Message | undefined;
}

/** Copies the chunks of a version 1 B-tree to their positions, decompressing each. */
function copyChunks(file: FileBytes, address: number, chunked: Chunked, depth: number): void {
  const { shape } = chunked;
  if (file.text(address, 4) !== 'TREE' || depth > 16) throw new Hdf5Error('chunks without their tree');
  const level = file.integer(address + 5, 1);
  const entries = file.integer(address + 6, 2);
  const key = 8 + 8 * (shape.length + 1);
  const first = address + 8 + 2 * file.offsetSize;
  for (let i = 0; i < entries; i++) {
    const at = first + i * (key + file.offsetSize);
    const child = file.offset(at + key);
    if (level > 0) copyChunks(file, child, chunked, depth + 1);
    else {
      const offsets = shape.map((_, axis) => file.integer(at + 8 + 8 * axis, 8));
      const packed = file.slice(child, file.integer(at, 4));
      placeChunk(unpacked(file, packed, chunked), offsets, chunked);
    }
  }
}

function unpacked(file: FileBytes, packed: Uint8Array, { chunk, bytes, filters }: Chunked): Uint8Array {
  const size = elementsOf(chunk) * bytes;
  let data = packed;
  for (const filter of filters ? filtersOf(file, filters.at).reverse() : []) {
    if (filter === 1) {
      try {
        data = unzlibSync(data, { out: new Uint8Array(size) });
      } catch (cause) {
        throw new Hdf5Error('a chunk that is no zlib stream', { cause });
      }
    } else if (filter === 2) data = unshuffled(data, bytes);
    else if (filter === 3) data = data.subarray(0, data.length - 4);
    else throw new Hdf5Error(`chunks packed by filter ${filter}`);
  }
  if (data.length !== size) throw new Hdf5Error(`a chunk of ${data.length} bytes and not ${size}`);
  return data;
}

function filtersOf(file: FileBytes, at: number): number[] {
  const version = file.integer(at, 1);
  const count = file.integer(at + 1, 1);
  const ids: number[] = [];
  let place = at + (version === 1 ? 8 : 2);
  for (let i = 0; i < count; i++) {
    const id = file.integer(place, 2);
    const named = version === 1 || id >= 256;
    const length = named ? file.integer(place + 2, 2) : 0;
    const values = file.integer(place + (named ? 6 : 4), 2);
    place += (named ? 8 : 6) + (version === 1 ? Math.ceil(length / 8) * 8 : length) + 4 * values;
    if (version === 1 && values % 2 === 1) place += 4;
    ids.push(id);
  }
  return ids;
}

/** Reverses HDF5's shuffle filter, which stores the first bytes of all numbers, then the second bytes, and so on. */
function unshuffled(data: Uint8Array, bytes: number): Uint8Array {
  const count = Math.floor(data.length / bytes);
  const to = new Uint8Array(data.length);
  for (let b = 0; b < bytes; b++) for (let i = 0; i < count; i++) to[i * bytes + b] = data[b * count + i]!;
  return to;
}

function placeChunk(data: Uint8Array, offsets: readonly number[], { whole, shape, chunk, bytes }: Chunked): void {
  const elements = elementsOf(chunk);
  const at = offsets.map(() => 0);
  for (let i = 0; i < elements; i++) {
    let to = 0;
    let inside = true;
    for (const [axis, n] of shape.entries()) {
      const place = offsets[axis]! + at[axis]!;
      inside &&= place < n;
      to = to * n + place;
    }
    if (inside) whole.set(data.subarray(i * bytes, (i + 1) * bytes), to * bytes);
    for (let axis = chunk.length - 1; axis >= 0; axis--) {
      if (++at[axis]! < chunk[axis]!) break;
      at[axis] = 0;
    }
  }
}

function decoded(file: FileBytes, data: Uint8Array, { kind, bytes, signed }: Datatype, shape: number[]): Hdf5Value {
  const count = elementsOf(shape);
  const own = new Uint8Array(data);
  const view = new DataView(own.buffer);
  if (kind === 'text') {
    const texts = Array.from({ length: count }, (_, i) =>
      new TextDecoder().decode(own.subarray(i * bytes, (i + 1) * bytes)).replace(/\0[\s\S]*$/, ''),
    );
    return { shape, texts };
  }
  if (kind === 'longText') {
    return { shape, texts: Array.from({ length: count }, (_, i) => longText(file, view, i * bytes)) };
  }
  if (kind === 'float' && bytes === 4) return { shape, numbers: new Float32Array(own.buffer) };
  const numberAt = (i: number): number => {
    if (kind === 'float') return bytes === 8 ? view.getFloat64(8 * i, true) : float16(view.getUint16(2 * i, true));
    if (bytes === 1) return signed ? view.getInt8(i) : view.getUint8(i);
    if (bytes === 2) return signed ? view.getInt16(2 * i, true) : view.getUint16(2 * i, true);
    if (bytes === 4) return signed ? view.getInt32(4 * i, true) : view.getUint32(4 * i, true);
    return Number(signed ? view.getBigInt64(8 * i, true) : view.getBigUint64(8 * i, true));
  };
  return { shape, numbers: Float32Array.from({ length: count }, (_, i) => numberAt(i)) };
}

/** A variable-length string is stored in a global heap, referenced by its length, the heap's address and an index. */
function longText(file: FileBytes, view: DataView, at: number): string {
  const length = view.getUint32(at, true);
  const heap = file.offsetSize === 8 ? Number(view.getBigUint64(at + 4, true)) : view.getUint32(at + 4, true);
  const wanted = view.getUint32(at + 4 + file.offsetSize, true);
  if (length === 0 || heap === 0) return '';
  if (file.text(heap, 4) !== 'GCOL') throw new Hdf5Error('a text without its heap');
  const end = heap + file.integer(heap + 8, file.lengthSize);
  let place = heap + 8 + file.lengthSize;
  while (place + 8 + file.lengthSize <= end) {
    const number = file.integer(place, 2);
    const size = file.integer(place + 8, file.lengthSize);
    if (number === 0) break;
    const start = place + 8 + file.lengthSize;
    if (number === wanted) return new TextDecoder().decode(file.slice(start, Math.min(size, length)));
    place = start + Math.ceil(size / 8) * 8;
  }
  throw new Hdf5Error('a text that is not in its heap');
}
