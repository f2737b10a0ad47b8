/** The fields of a protobuf message, by number: varints as numbers, everything else as raw bytes. */
export type Fields = Map<number, (number | Uint8Array)[]>;

/** The message is not valid protobuf or is truncated. */
export class WireError extends Error {}

/**
 * Splits a protobuf message into its fields without a schema: https://protobuf.dev/programming-guides/encoding. Every length is
 * checked against the available bytes, so a damaged file causes an error.
 *
 * @throws WireError
 */
export function fieldsOf(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const key = varint(reader);
    const field = Math.floor(key / 8);
    if (field < 1 || field >= 2 ** 29) throw new WireError(`field ${field} at byte ${reader.at}`);
    const value = fieldValue(reader, key % 8);
    const values = fields.get(field);
    if (values) values.push(value);
    else fields.set(field, [value]);
  }
  return fields;
}

interface Reader {
  bytes: Uint8Array;
  at: number;
}

function fieldValue(reader: Reader, type: number): number | Uint8Array {
  if (type === 0) return varint(reader);
  if (type === 1) return taken(reader, 8);
  if (type === 2) return taken(reader, varint(reader));
  if (type === 5) return taken(reader, 4);
  throw new WireError(`wire type ${type} at byte ${reader.at}`);
}

function taken(reader: Reader, length: number): Uint8Array {
  const { bytes, at } = reader;
  if (!(length >= 0 && at + length <= bytes.length)) throw new WireError(`${length} bytes at byte ${at}`);
  reader.at = at + length;
  return bytes.subarray(at, reader.at);
}

/** Base 128, lowest digits first; negative integers take 10 bytes. Integers beyond 2^53 are rounded. */
function varint(reader: Reader): number {
  let [low, high] = [0, 0];
  for (let i = 0; i < 10; i++) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw new WireError('a varint is truncated');
    const bits = byte & 127;
    if (i < 4) low += bits * 2 ** (7 * i);
    else if (i === 4) {
      low += (bits & 15) * 2 ** 28;
      high += bits >> 4;
    } else high += (bits * 2 ** (7 * i - 32)) % 2 ** 32;
    if (byte < 128) return (high >= 2 ** 31 ? high - 2 ** 32 : high) * 2 ** 32 + low;
  }
  throw new WireError('a varint of more than 10 bytes');
}

/** The value of a singular field; if it is repeated, the last one counts. */
const last = (fields: Fields, field: number) => fields.get(field)?.at(-1);

export function integerOf(fields: Fields, field: number, unless = 0): number {
  const value = last(fields, field) ?? unless;
  if (typeof value !== 'number') throw new WireError(`field ${field} is no integer`);
  return value;
}

export function bytesIn(fields: Fields, field: number): Uint8Array | undefined {
  const value = last(fields, field);
  if (typeof value === 'number') throw new WireError(`field ${field} is no message`);
  return value;
}

export const textOf = (fields: Fields, field: number): string =>
  new TextDecoder().decode(bytesIn(fields, field) ?? new Uint8Array());

export const messagesOf = (fields: Fields, field: number): Uint8Array[] =>
  (fields.get(field) ?? []).map((value) => {
    if (typeof value === 'number') throw new WireError(`field ${field} is no message`);
    return value;
  });

export const textsOf = (fields: Fields, field: number): string[] =>
  messagesOf(fields, field).map((bytes) => new TextDecoder().decode(bytes));

/** Integers, packed or unpacked. */
export function integersOf(fields: Fields, field: number): number[] {
  return (fields.get(field) ?? []).flatMap((value) => {
    if (typeof value === 'number') return [value];
    const reader = { bytes: value, at: 0 };
    const integers: number[] = [];
    while (reader.at < value.length) integers.push(varint(reader));
    return integers;
  });
}

/** Numbers of 4 or 8 bytes, packed or unpacked. */
export function realsOf(fields: Fields, field: number, bytes: 4 | 8): number[] {
  return messagesOf(fields, field).flatMap((value) => {
    if (value.length % bytes !== 0) throw new WireError(`field ${field} has ${value.length} bytes`);
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    return Array.from({ length: value.length / bytes }, (_, i) =>
      bytes === 4 ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true),
    );
  });
}
