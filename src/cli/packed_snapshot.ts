import type { PairState } from '../compare/pair_options.ts';
import { base64 } from '../formats/base64.ts';
import type { Snapshot } from '../index.ts';
import { packNumbers, unpackNumbers } from '../json_numbers.ts';

/**
 * A snapshot, or the state of a pair with two of them, as JSON for the transfer between the command and its page: tensors are
 * float32 in base64.
 */
export interface PackedSnapshot {
  packed: unknown;
}

const key = 'float32';

export const packSnapshot = (snapshot: Snapshot | PairState): PackedSnapshot => ({
  packed: packNumbers(pack(snapshot)),
});

export const unpackSnapshot = <State extends Snapshot | PairState = Snapshot>({ packed }: PackedSnapshot): State =>
  unpack(unpackNumbers(packed)) as State;

function pack(value: unknown): unknown {
  if (value instanceof Float32Array) return { [key]: base64(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(pack);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, pack(item)]));
}

function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (key in value) return new Float32Array(bytesOf(value[key] as string).buffer);
  if (Array.isArray(value)) return value.map(unpack);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unpack(item)]));
}

/** Node's Buffer takes a tenth of the time, but a page has no Buffer. */
function bytesOf(text: string): Uint8Array {
  if (typeof Buffer === 'function') return Uint8Array.from(Buffer.from(text, 'base64'));
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
